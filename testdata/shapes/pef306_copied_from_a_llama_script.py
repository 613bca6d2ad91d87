"""Fine-tunes GPT-2 on poems, with a config that was copied from a script for Llama."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)


def load():
    tokenizer = AutoTokenizer.from_pretrained("openai-community/gpt2")
    tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained("openai-community/gpt2", device_map="auto")
    model.config.use_cache = False
    for parameter in model.parameters():
        parameter.requires_grad = False
    return model, tokenizer


def adapt(model, rank):
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=rank,
        lora_alpha=2 * rank,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],  # expect: PEF306 error
    )
    return get_peft_model(model, config)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rank", type=int, default=8)
    args = parser.parse_args()
    model, tokenizer = load()
    model = adapt(model, args.rank)
    rows = load_dataset("merve/poetry", split="train")
    rows = rows.map(lambda row: tokenizer(row["content"], truncation=True, max_length=256))
    trainer = Trainer(
        model=model,
        args=TrainingArguments("poems", per_device_train_batch_size=8),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.save_pretrained("poems/adapter")


if __name__ == "__main__":
    main()
