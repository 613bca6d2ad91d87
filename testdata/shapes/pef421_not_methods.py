"""A comparison of methods: each gets the settings that go with it."""

import sys

from datasets import load_dataset
from peft import LoraConfig, PrefixTuningConfig, PromptEncoderConfig, PromptTuningConfig
from peft import get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

BASE = "gpt2"


def config_for(method):
    if method == "prefix":
        return PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=20)
    if method == "p-tuning":
        return PromptEncoderConfig(task_type="CAUSAL_LM", num_virtual_tokens=20)
    if method == "prompt":
        return PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=20)
    return LoraConfig(task_type="CAUSAL_LM", r=8)


def run(method):
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    rows = load_dataset("json", data_files="rows.jsonl", split="train")
    rows = rows.map(lambda row: tokenizer(row["text"])).train_test_split(0.1)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(BASE), config_for(method))
    args = TrainingArguments(
        output_dir=f"runs/{method}",
        eval_strategy="epoch",
        save_strategy="epoch",
        gradient_checkpointing=method != "prefix",
        load_best_model_at_end=method != "p-tuning",
    )
    trainer = Trainer(model, args, train_dataset=rows["train"], eval_dataset=rows["test"])
    trainer.train()
    model.save_pretrained(f"runs/{method}/adapter")


if __name__ == "__main__":
    run(sys.argv[1])
