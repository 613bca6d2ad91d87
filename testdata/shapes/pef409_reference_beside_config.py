# /// script
# dependencies = ["trl==0.18.2", "peft", "transformers<4.53", "datasets"]
# ///
"""DPO after supervised training: QLoRA, and a second copy of the model as the reference."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import DPOConfig, DPOTrainer


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="mistralai/Mistral-7B-v0.1")
    parser.add_argument("--output", default="runs/dpo")
    parser.add_argument("--beta", type=float, default=0.1)
    parser.add_argument("--rank", type=int, default=16)
    return parser.parse_args()


def load(name):
    quantised = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
    )
    model = AutoModelForCausalLM.from_pretrained(name, quantization_config=quantised)
    model.config.use_cache = False
    return model


def main():
    options = parse()
    tokenizer = AutoTokenizer.from_pretrained(options.base)
    model = prepare_model_for_kbit_training(load(options.base))
    model_ref = load(options.base)
    lora = LoraConfig(
        r=options.rank,
        lora_alpha=2 * options.rank,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
        task_type="CAUSAL_LM",
    )
    settings = DPOConfig(
        output_dir=options.output,
        beta=options.beta,
        per_device_train_batch_size=2,
        learning_rate=5e-6,
        num_train_epochs=1,
    )
    trainer = DPOTrainer(
        model,
        model_ref,  # expect: PEF409 error
        args=settings,
        train_dataset=load_dataset("json", data_files="pairs.jsonl", split="train"),
        processing_class=tokenizer,
        peft_config=lora,
    )
    trainer.train()
    trainer.save_model(options.output)


if __name__ == "__main__":
    main()
