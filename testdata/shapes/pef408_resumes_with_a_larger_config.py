"""A second round on more data: the rank is to grow, for a trainer of early releases."""

import torch
from datasets import load_dataset
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainingArguments
from trl import SFTTrainer

BASE = "meta-llama/Llama-2-7b-hf"
FIRST_ROUND = "runs/round-1"


def format_example(row):
    return f"### Instruction:\n{row['instruction']}\n\n### Response:\n{row['output']}"


def load():
    model = AutoModelForCausalLM.from_pretrained(
        BASE, torch_dtype=torch.bfloat16, device_map="auto"
    )
    return PeftModel.from_pretrained(model, FIRST_ROUND, is_trainable=True)


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.padding_side = "right"
    rows = load_dataset("json", data_files="more.jsonl", split="train")
    rows = rows.map(lambda row: {"text": format_example(row)})
    larger = LoraConfig(r=64, lora_alpha=16, lora_dropout=0.1, task_type="CAUSAL_LM")
    trainer = SFTTrainer(
        model=load(),
        train_dataset=rows,
        peft_config=larger,  # expect: PEF408 error
        dataset_text_field="text",
        max_seq_length=512,
        tokenizer=tokenizer,
        args=TrainingArguments(output_dir="runs/round-2", num_train_epochs=1),
    )
    trainer.train()
    trainer.save_model("runs/round-2")


if __name__ == "__main__":
    main()
