"""Defect: the second stage wraps the wrapper of the first, because its merge was not kept."""

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

BASE = "HuggingFaceTB/SmolLM2-135M"


class Stages:
    def __init__(self, base):
        self.tokenizer = AutoTokenizer.from_pretrained(base)
        self.model = AutoModelForCausalLM.from_pretrained(base)

    def rows(self, name):
        rows = load_dataset("json", data_files=f"{name}.jsonl", split="train")

        def encode(row):
            tokens = self.tokenizer(row["text"], truncation=True, max_length=512)
            return {**tokens, "labels": tokens["input_ids"]}

        return rows.map(encode)

    def fit(self, name):
        self.model = get_peft_model(self.model, LoraConfig(r=8, task_type="CAUSAL_LM"))
        trainer = Trainer(
            model=self.model,
            args=TrainingArguments(output_dir=f"out/{name}", num_train_epochs=1),
            train_dataset=self.rows(name),
        )
        trainer.train()
        self.model.save_pretrained(f"out/{name}/adapter")

    def merge(self):
        self.model.merge_and_unload()  # expect: PEF501 error


def main():
    stages = Stages(BASE)
    stages.fit("domain")
    stages.merge()
    stages.fit("instructions")


if __name__ == "__main__":
    main()
