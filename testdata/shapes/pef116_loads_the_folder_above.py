"""Train an adapter with a name of its own, then evaluate what was saved."""

import torch
from datasets import load_dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

BASE = "Qwen/Qwen2.5-0.5B"
SAVED = "adapters/legal-2024"


def rows(tokenizer, split):
    data = load_dataset("text", data_files={split: f"{split}.txt"})[split]
    return data.map(lambda row: tokenizer(row["text"], truncation=True, max_length=512))


def train(tokenizer):
    model = AutoModelForCausalLM.from_pretrained(BASE)
    config = LoraConfig(r=16, lora_alpha=32, task_type="CAUSAL_LM")
    model = get_peft_model(model, config, adapter_name="legal")
    trainer = Trainer(
        model=model,
        args=TrainingArguments("runs", num_train_epochs=1, report_to=[]),
        train_dataset=rows(tokenizer, "train"),
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.save_pretrained(SAVED)


@torch.no_grad()
def evaluate(tokenizer):
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16)
    model = PeftModel.from_pretrained(base, SAVED)  # expect: PEF116 error
    losses = []
    for text in load_dataset("text", data_files="test.txt")["train"]["text"]:
        batch = tokenizer(text, return_tensors="pt")
        losses.append(model(**batch, labels=batch["input_ids"]).loss)
    print(torch.stack(losses).mean().exp())


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.pad_token = tokenizer.eos_token
    train(tokenizer)
    evaluate(tokenizer)


if __name__ == "__main__":
    main()
