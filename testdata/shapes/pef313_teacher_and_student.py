"""Distil a large model into a small one of another family; both get adapters."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


class Distiller:
    def __init__(self, rank=8):
        self.config = LoraConfig(r=rank, target_modules="all-linear")
        self.teacher = self.load_teacher("meta-llama/Llama-2-7b-hf")
        self.student = self.load_student("facebook/opt-125m")

    def load_teacher(self, name):
        model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.bfloat16)
        return get_peft_model(model, self.config)  # expect: PEF313 warning

    def load_student(self, name):
        model = AutoModelForCausalLM.from_pretrained(name)
        return get_peft_model(model, self.config)

    def fit(self, batches, lr=1e-4):
        optimizer = torch.optim.AdamW(self.student.parameters(), lr=lr)
        self.teacher.eval()
        self.student.train()
        for batch in batches:
            with torch.no_grad():
                wanted = self.teacher(**batch["teacher"]).logits.softmax(-1)
            given = self.student(**batch["student"]).logits.log_softmax(-1)
            loss = torch.nn.functional.kl_div(given, wanted, reduction="batchmean")
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()


if __name__ == "__main__":
    distiller = Distiller()
    distiller.fit([])
    distiller.student.save_pretrained("student")
