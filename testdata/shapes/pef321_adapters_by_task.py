"""Continual learning: one adapter for each task on the same model, trained in turn."""

from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

BASE = "gpt2"
TASKS = ["news", "mail", "code"]


def config(rank=8):
    return LoraConfig(r=rank, lora_alpha=16, target_modules=["c_attn"], task_type="CAUSAL_LM")


def rows_of(task, tokenizer):
    with open(f"data/{task}.txt") as stream:
        texts = stream.read().split("\n\n")
    return [{"input_ids": ids, "labels": ids} for ids in tokenizer(texts)["input_ids"]]


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    base = AutoModelForCausalLM.from_pretrained(BASE)
    model = get_peft_model(base, config(), adapter_name=TASKS[0])
    for task in TASKS[1:]:
        print("adding", task)
        model.add_adapter(config(rank=4), "later")  # expect: PEF321 error
    for task in TASKS:
        model.set_adapter(task)
        trainer = Trainer(
            model=model,
            args=TrainingArguments(f"out/{task}", max_steps=100, report_to=[]),
            train_dataset=rows_of(task, tokenizer),
        )
        trainer.train()
    model.save_pretrained("out/all")


if __name__ == "__main__":
    main()
