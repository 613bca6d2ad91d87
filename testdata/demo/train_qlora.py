"""Fine-tune a Mistral base model on instruction data with QLoRA, then print one sample."""

from __future__ import annotations

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer

BASE_MODEL = "mistralai/Mistral-7B-v0.1"
PROMPT = "### Instruction:\n{instruction}\n\n### Response:\n"


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="databricks/databricks-dolly-15k")
    parser.add_argument("--output-dir", default="mistral-7b-dolly-qlora")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--max-length", type=int, default=1024)
    return parser.parse_args()


def format_example(example: dict) -> dict:
    """Turn one Dolly record into a prompt and its completion."""
    instruction = example["instruction"]
    if example["context"]:
        instruction = f"{instruction}\n\n{example['context']}"
    return {
        "prompt": PROMPT.format(instruction=instruction),
        "completion": example["response"],
    }


def load_model_and_tokenizer():
    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    model = AutoModelForCausalLM.from_pretrained(
        BASE_MODEL,
        quantization_config=quantization,
        dtype=torch.bfloat16,
        device_map="auto",
    )
    model.config.use_cache = False

    tokenizer = AutoTokenizer.from_pretrained(BASE_MODEL)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.unk_token
    return model, tokenizer


def main() -> None:
    args = parse_args()
    model, tokenizer = load_model_and_tokenizer()

    dataset = load_dataset(args.dataset, split="train")
    dataset = dataset.map(format_example, remove_columns=dataset.column_names)

    peft_config = LoraConfig(
        r=16,
        lora_alpha=32,
        lora_dropout=0.05,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        bias="none",
        task_type="CAUSAL_LM",
    )
    training_args = SFTConfig(
        output_dir=args.output_dir,
        num_train_epochs=args.epochs,
        per_device_train_batch_size=4,
        gradient_accumulation_steps=4,
        gradient_checkpointing=True,
        learning_rate=args.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.03,
        optim="paged_adamw_8bit",
        bf16=True,
        max_length=args.max_length,
        logging_steps=10,
        save_strategy="epoch",
        seed=42,
    )
    trainer = SFTTrainer(
        model=model,
        args=training_args,
        train_dataset=dataset,
        processing_class=tokenizer,
        peft_config=peft_config,
    )
    trainer.train()
    trainer.save_model(args.output_dir)
    tokenizer.save_pretrained(args.output_dir)

    # A quick look at what was learned.
    prompt = PROMPT.format(instruction="Explain in two sentences why the sky is blue.")
    inputs = tokenizer(prompt, return_tensors="pt").to(trainer.model.device)
    with torch.no_grad():
        output = trainer.model.generate(**inputs, max_new_tokens=120, do_sample=False)  # expect: PEF201 warning
    print(tokenizer.decode(output[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
