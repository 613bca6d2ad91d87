"""Adapters for several tasks on one base: each is activated before its own training."""

from datasets import load_dataset
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

TASKS = ["summaries", "titles", "keywords", "questions"]


def lora():
    return LoraConfig(r=8, task_type="CAUSAL_LM", target_modules=["q_proj", "v_proj"])


def rows_of(task, tokenizer):
    rows = load_dataset("json", data_files=f"{task}.jsonl", split="train")
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=512))
    return rows.map(lambda row: {"labels": row["input_ids"]})


def main():
    name = "meta-llama/Llama-3.2-1B"
    tokenizer = AutoTokenizer.from_pretrained(name)
    base = AutoModelForCausalLM.from_pretrained(name)
    model = PeftModel.from_pretrained(base, "team/style-lora", adapter_name="style")
    for task in TASKS:
        model.add_adapter(task, lora())
    for task in TASKS:
        model.set_adapter(task)
        trainer = Trainer(
            model=model,
            args=TrainingArguments(f"runs/{task}", max_steps=500, report_to=[]),
            train_dataset=rows_of(task, tokenizer),
        )
        trainer.train()
        model.save_pretrained(f"runs/{task}", selected_adapters=[task])
    model.set_adapter("style")
    model.eval()


if __name__ == "__main__":
    main()
