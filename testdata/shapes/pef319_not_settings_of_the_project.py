"""Settings of the project have names of their own, and are translated where the model is loaded."""

from dataclasses import dataclass

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, BitsAndBytesConfig


@dataclass
class Quantisation:
    load_4bit: bool = False
    load_8bit: bool = False
    compute_dtype: str = "torch.bfloat16"
    double_quant: bool = True

    def to_transformers(self):
        if not (self.load_4bit or self.load_8bit):
            return None
        return BitsAndBytesConfig(
            load_in_4bit=self.load_4bit,
            load_in_8bit=self.load_8bit,
            bnb_4bit_compute_dtype=getattr(torch, self.compute_dtype.rpartition(".")[2]),
            bnb_4bit_use_double_quant=self.double_quant,
            bnb_4bit_quant_type="nf4",
        )


def build(name, settings):
    model = AutoModelForCausalLM.from_pretrained(
        name, quantization_config=settings.to_transformers(), device_map="auto"
    )
    return get_peft_model(model, LoraConfig(r=8, task_type="CAUSAL_LM"))


if __name__ == "__main__":
    build("gpt2", Quantisation(load_4bit=True)).print_trainable_parameters()
