"""Causal LM whose settings are kept in a dict, with a str where the Trainer wants a list."""

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainingArguments,
)

SETTINGS = {
    "output_dir": "runs/instructions",
    "per_device_train_batch_size": 4,
    "num_train_epochs": 3,
    "learning_rate": 2e-4,
    "label_names": "labels",  # expect: PEF413 error
}


class Experiment:
    def __init__(self, base="Qwen/Qwen2.5-0.5B"):
        self.tokenizer = AutoTokenizer.from_pretrained(base)
        model = AutoModelForCausalLM.from_pretrained(base)
        self.model = get_peft_model(model, LoraConfig(r=16, task_type="CAUSAL_LM"))

    def encode(self, row):
        prompt = self.tokenizer(row["prompt"])["input_ids"]
        answer = self.tokenizer(row["answer"] + self.tokenizer.eos_token)["input_ids"]
        return {"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer}

    def run(self):
        rows = load_dataset("json", data_files="instructions.jsonl", split="train")
        rows = rows.map(self.encode, remove_columns=rows.column_names)
        trainer = Trainer(
            model=self.model,
            args=TrainingArguments(**SETTINGS),
            train_dataset=rows,
            data_collator=DataCollatorForSeq2Seq(self.tokenizer),
        )
        trainer.train()
        self.model.save_pretrained("runs/instructions/adapter")


if __name__ == "__main__":
    Experiment().run()
