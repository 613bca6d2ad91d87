"""A wrapper class whose settings start at zero, and are never given another value."""

from dataclasses import dataclass

from peft import LoraConfig, PromptTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM


class Adapted:
    rank = 8
    alpha = 0

    def __init__(self, name):
        self.base = AutoModelForCausalLM.from_pretrained(name)
        self.model = get_peft_model(self.base, self.config())

    def config(self):
        return LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,  # expect: PEF318 error
            task_type="CAUSAL_LM",
        )


@dataclass
class Prompted:
    name: str
    tokens: int = 20

    def build(self):
        base = AutoModelForCausalLM.from_pretrained(self.name)
        config = PromptTuningConfig(
            task_type="CAUSAL_LM",
            num_virtual_tokens=0,  # expect: PEF318 error
        )
        return get_peft_model(base, config)


if __name__ == "__main__":
    Adapted("gpt2").model.print_trainable_parameters()
    Prompted("gpt2").build().print_trainable_parameters()
