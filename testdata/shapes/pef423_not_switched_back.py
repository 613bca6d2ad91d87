"""A policy and its frozen reference as two adapters: each round ends with the policy active."""

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM


class Learner:
    def __init__(self, base, reference):
        model = AutoModelForCausalLM.from_pretrained(base)
        self.model = get_peft_model(model, LoraConfig(r=8), adapter_name="policy")
        self.model.load_adapter(reference, adapter_name="reference")
        chosen = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(chosen, lr=1e-5)

    def reference(self, batch):
        self.model.eval()
        self.model.set_adapter("reference")
        try:
            with torch.no_grad():
                return self.model(**batch).logits.log_softmax(-1)
        finally:
            self.model.set_adapter("policy")
            self.model.train()

    def step(self, batch, beta=0.1):
        expected = self.reference(batch)
        output = self.model(**batch)
        distance = (output.logits.log_softmax(-1) - expected).pow(2).mean()
        (output.loss + beta * distance).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()

    def fit(self, rows, epochs=2):
        best = None
        for epoch in range(epochs):
            self.model.train()
            for batch in DataLoader(rows, batch_size=4):
                self.step(batch)
            score = self.evaluate(rows)
            if best is None or score < best:
                best = score
                self.model.save_pretrained("policy", selected_adapters=["policy"])

    @torch.no_grad()
    def evaluate(self, rows):
        self.model.eval()
        self.model.set_adapter("reference")
        before = [self.model(**batch).loss.item() for batch in DataLoader(rows)]
        self.model.set_adapter("policy")
        after = [self.model(**batch).loss.item() for batch in DataLoader(rows)]
        return sum(after) / len(after) - sum(before) / len(before)


if __name__ == "__main__":
    Learner("gpt2", "reference-adapter").fit(torch.load("rows.pt"))
