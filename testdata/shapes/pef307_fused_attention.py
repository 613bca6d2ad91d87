"""Instruction tuning of a model whose attention is fused, with the usual list."""

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer

MODEL = "microsoft/Phi-3-mini-4k-instruct"


def load():
    quantisation = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    model = AutoModelForCausalLM.from_pretrained(
        MODEL, quantization_config=quantisation, device_map={"": 0}
    )
    return prepare_model_for_kbit_training(model)


def main():
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    config = LoraConfig(
        r=16,
        lora_alpha=32,
        lora_dropout=0.05,
        target_modules=[  # expect: PEF307 warning
            "q_proj",
            "k_proj",
            "v_proj",
            "o_proj",
            "gate_proj",
            "up_proj",
            "down_proj",
        ],
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(load(), config)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig("out", max_steps=200),
        train_dataset=load_dataset("databricks/databricks-dolly-15k", split="train"),
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model("out/final")


if __name__ == "__main__":
    main()
