"""Classes of these names whose first arguments are what they look like."""

from dataclasses import dataclass, field

import peft
from peft import EvaConfig, LoftQConfig, get_peft_model
from transformers import AutoModelForCausalLM


@dataclass
class LoraConfig:
    """The project's own settings, by position or name."""

    r: int = 8
    alpha: int = 16
    targets: list[str] = field(default_factory=lambda: ["c_attn"])

    def build(self, **changes):
        return peft.LoraConfig(
            r=self.r, lora_alpha=self.alpha, target_modules=self.targets, **changes
        )


class SmallConfig(peft.LoraConfig):
    def __init__(self, rank=4, alpha=8):
        super().__init__("CAUSAL_LM", r=rank, lora_alpha=alpha)


def settings(name):
    table = {"tiny": LoraConfig(2, 4), "small": LoraConfig(8, 16, ["c_attn", "c_proj"])}
    return table[name]


def main():
    for name in ("tiny", "small"):
        model = AutoModelForCausalLM.from_pretrained("gpt2")
        model = get_peft_model(model, settings(name).build(task_type="CAUSAL_LM"))
        model.save_pretrained(f"out/{name}")
    model = AutoModelForCausalLM.from_pretrained("gpt2")
    model = get_peft_model(model, SmallConfig(4, 8))
    model.save_pretrained("out/fixed")
    # Parts of a config take their own numbers first.
    eva = settings("tiny").build(init_lora_weights="eva", eva_config=EvaConfig(2.0))
    loftq = settings("tiny").build(loftq_config=LoftQConfig(4))
    print(eva, loftq)


if __name__ == "__main__":
    main()
