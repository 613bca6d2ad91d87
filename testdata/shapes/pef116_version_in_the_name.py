"""Adapters that carry their version in their name, which no module may."""

import torch
from peft import AutoPeftModelForCausalLM, LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


class Line:
    """One line of adapters on one base."""

    def __init__(self, base):
        self.base = base

    def start(self):
        model = AutoModelForCausalLM.from_pretrained(self.base)
        config = LoraConfig(task_type="CAUSAL_LM", r=8)
        return get_peft_model(model, config, "support-v1.0")  # expect: PEF116 error

    def compare(self, prompts):
        model = AutoPeftModelForCausalLM.from_pretrained("adapters/support", adapter_name="stable")
        model.load_adapter("adapters/next", adapter_name="next-v2.1")  # expect: PEF116 error
        for prompt in prompts:
            for name in model.peft_config:
                model.set_adapter(name)
                yield prompt, name, model.generate(**prompt, max_new_tokens=20)


def step(model, batch, optimizer):
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def main(batches):
    line = Line("gpt2")
    model = line.start()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    for batch in batches:
        print(step(model, batch, optimizer))
    model.save_pretrained("runs/support")


if __name__ == "__main__":
    main(torch.load("batches.pt"))
