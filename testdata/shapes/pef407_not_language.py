"""The same settings where they belong: a language model with LoRA, sharded by FSDP."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainingArguments,
)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="meta-llama/Llama-3.2-1B")
    parser.add_argument("--output", default="runs/llama")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model)
    model = get_peft_model(
        model, LoraConfig(r=16, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    )
    settings = TrainingArguments(
        args.output,
        gradient_checkpointing=True,
        gradient_checkpointing_kwargs={"use_reentrant": True},
        fsdp="full_shard auto_wrap",
        bf16=True,
    )
    trainer = Trainer(
        model,
        settings,
        train_dataset=load_dataset("json", data_files="rows.jsonl", split="train"),
        data_collator=DataCollatorForSeq2Seq(tokenizer),
    )
    trainer.train()
    trainer.save_model(args.output)


if __name__ == "__main__":
    main()
