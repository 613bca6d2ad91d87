"""Train from scratch or from a checkpoint, or only evaluate: one script with three modes."""

import argparse
import sys

from datasets import load_dataset
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["train", "resume", "recipe", "evaluate"])
    parser.add_argument("--adapter")
    return parser.parse_args()


def load_base():
    quantisation = BitsAndBytesConfig(load_in_4bit=True)
    base = AutoModelForCausalLM.from_pretrained(
        "mistralai/Mistral-7B-v0.1", quantization_config=quantisation
    )
    return prepare_model_for_kbit_training(base)


def load_model(args):
    base = load_base()
    if args.mode == "resume":
        return PeftModel.from_pretrained(base, args.adapter, is_trainable=True)
    if args.mode == "recipe":
        # The settings of a good run, for other data.
        config = PeftConfig.from_pretrained(args.adapter)
        config.inference_mode = False
        return get_peft_model(base, config)
    if args.mode == "evaluate":
        return PeftModel.from_pretrained(base, args.adapter)
    return get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", r=16, lora_alpha=32))


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained("mistralai/Mistral-7B-v0.1")
    tokenizer.pad_token = tokenizer.unk_token
    rows = load_dataset("text", data_files="corpus.txt", split="train")
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=512))
    model = load_model(args)
    trainer = Trainer(
        model=model,
        args=TrainingArguments("runs", num_train_epochs=1, report_to=[]),
        train_dataset=rows,
        eval_dataset=rows.select(range(100)),
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    if args.mode == "evaluate":
        print(trainer.evaluate())
        sys.exit(0)
    trainer.train()
    trainer.save_model("runs/adapter")


if __name__ == "__main__":
    main()
