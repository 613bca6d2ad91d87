"""A builder that other scripts import: base model, adapter, tokenizer."""

from dataclasses import dataclass, field

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig


@dataclass
class Settings:
    name: str = "meta-llama/Llama-3.1-8B"
    rank: int = 16
    alpha: int = 32
    targets: list = field(default_factory=lambda: ["q_proj", "v_proj"])
    load_in_8bit: bool = True
    gradient_checkpointing: bool = True


class ModelBuilder:
    def __init__(self, settings):
        self.settings = settings
        self.tokenizer = AutoTokenizer.from_pretrained(settings.name, padding_side="left")
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token

    def base(self):
        quantisation = BitsAndBytesConfig(load_in_8bit=self.settings.load_in_8bit)
        return AutoModelForCausalLM.from_pretrained(
            self.settings.name,
            quantization_config=quantisation,
            dtype=torch.bfloat16,
            attn_implementation="sdpa",
        )

    def for_training(self):
        config = LoraConfig(
            task_type=TaskType.CAUSAL_LM,
            r=self.settings.rank,
            lora_alpha=self.settings.alpha,
            target_modules=self.settings.targets,
            lora_dropout=0.05,
        )
        model = get_peft_model(self.base(), config)
        model = prepare_model_for_kbit_training(  # expect: PEF402 error
            model, use_gradient_checkpointing=self.settings.gradient_checkpointing
        )
        return model, self.tokenizer

    def for_inference(self, adapter):
        model = PeftModel.from_pretrained(self.base(), adapter)
        return model.eval(), self.tokenizer
