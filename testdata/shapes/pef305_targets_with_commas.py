"""Instruction tuning with settings that used to come from a command line."""

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

BASE = "mistralai/Mistral-7B-v0.1"
LORA_R = 16
LORA_ALPHA = 32


def tokenized(tokenizer, length=512):
    rows = load_dataset("databricks/databricks-dolly-15k", split="train")

    def encode(row):
        text = f"### Question\n{row['instruction']}\n### Answer\n{row['response']}"
        return tokenizer(text, truncation=True, max_length=length)

    return rows.map(encode, remove_columns=rows.column_names)


def adapter():
    return LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=LORA_R,
        lora_alpha=LORA_ALPHA,
        target_modules="q_proj, k_proj, v_proj, o_proj",  # expect: PEF305 error
    )


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.pad_token = tokenizer.unk_token
    model = AutoModelForCausalLM.from_pretrained(BASE, device_map="auto")
    model.enable_input_require_grads()
    model = get_peft_model(model, adapter())
    model.print_trainable_parameters()
    trainer = Trainer(
        model=model,
        args=TrainingArguments("dolly", per_device_train_batch_size=4, bf16=True),
        train_dataset=tokenized(tokenizer),
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.save_pretrained("dolly/adapter")


if __name__ == "__main__":
    main()
