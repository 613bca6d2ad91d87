"""Two adapters on one base, trained one after the other, each with its best checkpoint."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    EarlyStoppingCallback,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
)


def lora():
    return LoraConfig(r=16, target_modules=["q", "v"], task_type="SEQ_2_SEQ_LM")


def settings(folder):
    return Seq2SeqTrainingArguments(
        output_dir=folder,
        eval_strategy="epoch",
        save_strategy="epoch",
        num_train_epochs=10,
        load_best_model_at_end=True,  # expect: PEF424 error
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="google/flan-t5-base")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    base = AutoModelForSeq2SeqLM.from_pretrained(args.base)
    model = get_peft_model(base, lora(), adapter_name="summaries")
    model.add_adapter("questions", lora())
    for task in ("summaries", "questions"):
        model.set_adapter(task)
        rows = load_dataset("json", data_files={"train": f"{task}.jsonl", "test": "test.jsonl"})
        trainer = Seq2SeqTrainer(
            model=model,
            args=settings("runs/tasks"),
            train_dataset=rows["train"],
            eval_dataset=rows["test"],
            data_collator=DataCollatorForSeq2Seq(tokenizer),
            callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
        )
        trainer.train()
    model.save_pretrained("runs/tasks/adapters")


if __name__ == "__main__":
    main()
