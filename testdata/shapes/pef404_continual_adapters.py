"""Continual learning: a new adapter for each domain, beside the one of the first domain."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="Qwen/Qwen2.5-0.5B")
    parser.add_argument("--general", default="runs/general")
    parser.add_argument("--output", default="runs/medical")
    return parser.parse_args()


def build(args):
    base = AutoModelForCausalLM.from_pretrained(args.model, dtype="auto")
    model = PeftModel.from_pretrained(base, args.general, adapter_name="general")
    config = LoraConfig(
        r=16,
        lora_alpha=32,
        task_type="CAUSAL_LM",
        target_modules=["q_proj", "v_proj"],
    )
    model.add_adapter("medical", config)  # expect: PEF404 error
    print(model.peft_config)
    return model


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    rows = load_dataset("json", data_files="medical.jsonl", split="train")
    model = build(args)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(args.output, num_train_epochs=1, learning_rate=2e-4, report_to=[]),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    trainer.train()
    model.save_pretrained(args.output, selected_adapters=["medical"])


if __name__ == "__main__":
    main()
