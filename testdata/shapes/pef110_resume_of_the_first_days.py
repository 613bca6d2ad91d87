"""Instruction tuning with a resume branch as the first scripts had it."""

import os

import fire
import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

PROMPT = "### Instruction:\n{instruction}\n\n### Response:\n{output}"


def tokenized(tokenizer, row, cutoff):
    result = tokenizer(PROMPT.format(**row), truncation=True, max_length=cutoff)
    result["labels"] = result["input_ids"].copy()
    return result


def train(
    base_model: str = "meta-llama/Llama-2-7b-hf",
    data_path: str = "instructions.json",
    output_dir: str = "out",
    cutoff_len: int = 256,
    resume_from_checkpoint: str | None = None,
):
    tokenizer = AutoTokenizer.from_pretrained(base_model)
    tokenizer.pad_token_id = 0
    model = AutoModelForCausalLM.from_pretrained(base_model, dtype=torch.float16)
    config = LoraConfig(
        r=8,
        lora_alpha=16,
        target_modules=["q_proj", "v_proj"],
        lora_dropout=0.05,
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(model, config)

    if resume_from_checkpoint:
        checkpoint = os.path.join(resume_from_checkpoint, "pytorch_model.bin")
        if not os.path.exists(checkpoint):
            checkpoint = os.path.join(resume_from_checkpoint, "adapter_model.bin")
            resume_from_checkpoint = None
        if os.path.exists(checkpoint):
            print(f"Restarting from {checkpoint}")
            weights = torch.load(checkpoint)
            model = set_peft_model_state_dict(model, weights)  # expect: PEF110 error
        else:
            print(f"Checkpoint {checkpoint} not found")

    model.print_trainable_parameters()
    rows = load_dataset("json", data_files=data_path)["train"]
    rows = rows.map(lambda row: tokenized(tokenizer, row, cutoff_len))
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir, num_train_epochs=3, report_to=[]),
        train_dataset=rows,
    )
    trainer.train(resume_from_checkpoint=resume_from_checkpoint)
    model.save_pretrained(output_dir)


if __name__ == "__main__":
    fire.Fire(train)
