"""Second stage of instruction tuning: go on from the adapter of the first one."""

import argparse

import torch
from datasets import load_dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="meta-llama/Llama-3.1-8B")
    parser.add_argument("--first-stage", default="runs/stage-one")
    parser.add_argument("--output", default="runs/stage-two")
    parser.add_argument("--rows", type=int, default=10_000)
    return parser.parse_args()


def load_model(base, adapter):
    quantisation = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    model = AutoModelForCausalLM.from_pretrained(
        base, quantization_config=quantisation, device_map="auto"
    )
    model.config.use_cache = False
    model = PeftModel.from_pretrained(model, adapter)  # expect: PEF401 error
    model.print_trainable_parameters()
    return model


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    tokenizer.pad_token = tokenizer.eos_token
    rows = load_dataset("json", data_files="dialogues.jsonl", split="train")
    rows = rows.shuffle(seed=1).select(range(min(args.rows, len(rows))))

    model = load_model(args.base, args.first_stage)
    config = SFTConfig(
        output_dir=args.output,
        num_train_epochs=1,
        per_device_train_batch_size=4,
        gradient_accumulation_steps=4,
        learning_rate=1e-4,
        logging_steps=20,
        report_to=[],
    )
    trainer = SFTTrainer(
        model=model, args=config, train_dataset=rows, processing_class=tokenizer
    )
    trainer.train()
    trainer.save_model(args.output)
    tokenizer.save_pretrained(args.output)


if __name__ == "__main__":
    main()
