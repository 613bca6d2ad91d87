"""Preference tuning by hand: the policy is trained, a second adapter keeps the old weights."""

import torch
import torch.nn.functional as functional
from peft import AutoPeftModelForCausalLM, LoraConfig


def log_probability(model, batch):
    logits = model(batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1]
    chosen = batch["input_ids"][:, 1:, None]
    return logits.log_softmax(-1).gather(-1, chosen).squeeze(-1).sum(-1)


class Preference:
    def __init__(self, adapter, beta=0.1):
        self.beta = beta
        self.model = AutoPeftModelForCausalLM.from_pretrained(adapter, is_trainable=True)
        self.model.add_adapter("spare", LoraConfig(task_type="CAUSAL_LM", r=8))
        self.model.load_adapter(adapter, adapter_name="reference")
        self.model.set_adapter("default")
        policy = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(policy, lr=1e-5)

    def margin(self, good, bad):
        return log_probability(self.model, good) - log_probability(self.model, bad)

    def step(self, good, bad):
        self.model.set_adapter("reference")
        with torch.no_grad():
            before = self.margin(good, bad)
        self.model.set_adapter("default")
        loss = -functional.logsigmoid(self.beta * (self.margin(good, bad) - before)).mean()
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()


if __name__ == "__main__":
    runner = Preference("team/chat-lora")
    for good, bad in torch.load("pairs.pt"):
        print(runner.step(good, bad))
    runner.model.save_pretrained("preferred", selected_adapters=["default"])
