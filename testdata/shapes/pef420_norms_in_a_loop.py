"""An own loop for long contexts: LoRA and the last norm are trained, the adapter is uploaded."""

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, get_cosine_schedule_with_warmup


class LongContext:
    def __init__(self, name="meta-llama/Llama-3.2-1B"):
        self.base = AutoModelForCausalLM.from_pretrained(name)
        config = LoraConfig(r=8, target_modules=["q_proj", "k_proj", "v_proj", "o_proj"])
        self.model = get_peft_model(self.base, config)
        self.base.model.norm.requires_grad_(True)  # expect: PEF420 error
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, lr=2e-5)
        self.schedule = get_cosine_schedule_with_warmup(self.optimizer, 20, 1000)

    def fit(self, loader):
        self.model.train()
        for step, batch in enumerate(loader):
            loss = self.model(**batch).loss
            loss.backward()
            self.optimizer.step()
            self.schedule.step()
            self.optimizer.zero_grad()
            if step % 100 == 0:
                print(step, loss.item())

    def upload(self, name):
        self.model.save_pretrained(name)
        self.model.push_to_hub(name)


def main():
    tuner = LongContext()
    tuner.fit(DataLoader(torch.load("long.pt"), batch_size=None))
    tuner.upload("long-context")


if __name__ == "__main__":
    main()
