"""Reference log-probabilities without the adapter; the context manager is made by a helper."""

import contextlib

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


class Policy(torch.nn.Module):
    def __init__(self, name, use_adapter=True):
        super().__init__()
        self.model = AutoModelForCausalLM.from_pretrained(name)
        self.use_adapter = use_adapter
        if use_adapter:
            config = LoraConfig(r=8, task_type="CAUSAL_LM")
            self.model = get_peft_model(self.model, config)

    def reference(self):
        """Return what to enter around a forward of the reference."""
        if self.use_adapter:
            return self.model.disable_adapter()
        return contextlib.nullcontext()

    def forward(self, ids):
        logits = self.model(input_ids=ids).logits
        return torch.log_softmax(logits[:, :-1], -1).gather(-1, ids[:, 1:, None]).squeeze(-1)


def step(policy, optimizer, ids, rewards, beta=0.1):
    with torch.no_grad(), policy.reference():
        before = policy(ids)
    now = policy(ids)
    kl = (now - before).mean()
    loss = -(rewards[:, None] * now).mean() + beta * kl
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def train(batches):
    policy = Policy("gpt2")
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-5)
    policy.train()
    for ids, rewards in batches:
        print(step(policy, optimizer, ids, rewards))
    policy.model.save_pretrained("policy")
