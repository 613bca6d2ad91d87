"""Named adapters whose best checkpoints are loaded again by a function of the script."""

import os

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

BASE = "Qwen/Qwen2.5-0.5B"
TASKS = {"chat": "chat.jsonl", "code": "code.jsonl"}


def restore(trainer, name):
    folder = trainer.state.best_model_checkpoint
    if folder is not None:
        trainer.model.load_adapter(os.path.join(folder, name), name)


def train(name, data, tokenizer):
    base = AutoModelForCausalLM.from_pretrained(BASE)
    config = LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(base, config, adapter_name=name)
    rows = load_dataset("json", data_files=data, split="train").train_test_split(0.1)
    args = SFTConfig(
        output_dir=f"runs/{name}",
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
    )
    trainer = SFTTrainer(
        model,
        args=args,
        train_dataset=rows["train"],
        eval_dataset=rows["test"],
        processing_class=tokenizer,
    )
    trainer.train()
    restore(trainer, name)
    model.save_pretrained(f"adapters/{name}", selected_adapters=[name])


if __name__ == "__main__":
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    for name, data in TASKS.items():
        train(name, data, tokenizer)
    train("chat", "more.jsonl", tokenizer)
