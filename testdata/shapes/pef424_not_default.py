"""The best checkpoint of the adapter "default", with another one that only answers beside it."""

from datasets import load_dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


def build(base, previous=None):
    model = AutoModelForCausalLM.from_pretrained(base)
    if previous is None:
        return get_peft_model(model, LoraConfig(r=8, task_type="CAUSAL_LM"))
    model = PeftModel.from_pretrained(model, previous, is_trainable=True)
    model.load_adapter("adapters/judge", adapter_name="judge")
    model.set_adapter("default")
    return model


def main(base="meta-llama/Llama-3.2-1B", previous=None):
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = build(base, previous)
    rows = load_dataset("json", data_files="rows.jsonl", split="train")
    rows = rows.map(lambda row: tokenizer(row["text"])).train_test_split(0.05)
    args = TrainingArguments(
        output_dir="runs/default",
        eval_strategy="steps",
        eval_steps=100,
        save_steps=100,
        load_best_model_at_end=True,
    )
    trainer = Trainer(
        model=model,
        args=args,
        train_dataset=rows["train"],
        eval_dataset=rows["test"],
        processing_class=tokenizer,
    )
    trainer.train()
    model.save_pretrained("adapters/default")


if __name__ == "__main__":
    main()
