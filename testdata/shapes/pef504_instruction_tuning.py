"""Instruction tuning in the manner of 2023, run with the libraries of today."""

import sys

import fire
import torch
import transformers
from datasets import load_dataset
from peft import (
    LoraConfig,
    get_peft_model,
    get_peft_model_state_dict,
    prepare_model_for_kbit_training,
)
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig


def prompt(row):
    if row["input"]:
        return f"### Task\n{row['instruction']}\n### Input\n{row['input']}\n### Answer\n{row['output']}"
    return f"### Task\n{row['instruction']}\n### Answer\n{row['output']}"


def train(
    base_model: str = "huggyllama/llama-7b",
    data_path: str = "instructions.json",
    output_dir: str = "./lora-instructions",
    micro_batch_size: int = 4,
    num_epochs: int = 3,
    learning_rate: float = 3e-4,
    cutoff_len: int = 256,
    lora_r: int = 8,
):
    model = AutoModelForCausalLM.from_pretrained(
        base_model,
        quantization_config=BitsAndBytesConfig(load_in_8bit=True),
        device_map="auto",
    )
    tokenizer = AutoTokenizer.from_pretrained(base_model)
    tokenizer.pad_token_id = 0
    tokenizer.padding_side = "left"

    def tokenize(row):
        result = tokenizer(prompt(row), truncation=True, max_length=cutoff_len)
        result["labels"] = result["input_ids"].copy()
        return result

    model = prepare_model_for_kbit_training(model)
    config = LoraConfig(
        r=lora_r,
        lora_alpha=16,
        target_modules=["q_proj", "v_proj"],
        lora_dropout=0.05,
        bias="none",
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(model, config)
    data = load_dataset("json", data_files=data_path)["train"].shuffle().map(tokenize)
    model.print_trainable_parameters()

    trainer = transformers.Trainer(
        model=model,
        train_dataset=data,
        args=transformers.TrainingArguments(
            per_device_train_batch_size=micro_batch_size,
            num_train_epochs=num_epochs,
            learning_rate=learning_rate,
            output_dir=output_dir,
            logging_steps=10,
        ),
        data_collator=transformers.DataCollatorForSeq2Seq(
            tokenizer, pad_to_multiple_of=8, return_tensors="pt", padding=True
        ),
    )
    model.config.use_cache = False

    full_state_dict = model.state_dict
    model.state_dict = (  # expect: PEF504 info
        lambda self, *_, **__: get_peft_model_state_dict(self, full_state_dict())
    ).__get__(model, type(model))

    if torch.__version__ >= "2" and sys.platform != "win32":
        model = torch.compile(model)

    trainer.train()
    model.save_pretrained(output_dir)


if __name__ == "__main__":
    fire.Fire(train)
