"""A new token for padding, larger embeddings, and the collator of transformers."""

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

PAD = "<|pad|>"


class Project:
    def __init__(self, base):
        self.base = base
        self.tokenizer = AutoTokenizer.from_pretrained(base)
        self.end = self.tokenizer.eos_token

    def give_padding(self, model):
        if self.tokenizer.pad_token is None or self.tokenizer.pad_token == self.end:
            self.tokenizer.add_special_tokens({"pad_token": PAD})
            model.resize_token_embeddings(len(self.tokenizer))
        model.config.pad_token_id = self.tokenizer.pad_token_id
        return model

    def encode(self, row):
        return self.tokenizer(row["text"] + self.end, truncation=True)

    def fit(self, folder):
        model = self.give_padding(AutoModelForCausalLM.from_pretrained(self.base))
        config = LoraConfig(
            r=16, modules_to_save=["embed_tokens", "lm_head"], task_type="CAUSAL_LM"
        )
        model = get_peft_model(model, config)
        rows = load_dataset("json", data_files="texts.jsonl", split="train").map(self.encode)
        trainer = Trainer(
            model,
            TrainingArguments(folder),
            train_dataset=rows,
            data_collator=DataCollatorForLanguageModeling(self.tokenizer, mlm=False),
        )
        trainer.train()
        model.save_pretrained(folder)


if __name__ == "__main__":
    Project("meta-llama/Llama-3.2-1B").fit("runs/padded")
