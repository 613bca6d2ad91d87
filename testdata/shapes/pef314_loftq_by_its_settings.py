"""QLoRA with LoftQ, of which only the settings are given."""

import torch
from peft import LoftQConfig, LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer


class Builder:
    def __init__(self, name, bits=4, rank=16):
        self.name = name
        self.bits = bits
        self.rank = rank

    def config(self):
        return LoraConfig(
            task_type=TaskType.CAUSAL_LM,
            r=self.rank,
            lora_alpha=self.rank,
            target_modules=["q_proj", "v_proj"],
            loftq_config=LoftQConfig(loftq_bits=self.bits),  # expect: PEF314 warning
        )

    def build(self):
        model = AutoModelForCausalLM.from_pretrained(self.name, dtype=torch.bfloat16)
        model = get_peft_model(model, self.config())
        return model, AutoTokenizer.from_pretrained(self.name)


def main():
    model, tokenizer = Builder("mistralai/Mistral-7B-v0.1").build()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    model.train()
    for text in open("train.txt"):
        batch = tokenizer(text, return_tensors="pt")
        loss = model(**batch, labels=batch["input_ids"]).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained("loftq")


if __name__ == "__main__":
    main()
