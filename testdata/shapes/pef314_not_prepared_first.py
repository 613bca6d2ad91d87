"""Starts of LoRA that look at the data, each with the call that does."""

import argparse

from datasets import load_dataset
from peft import EvaConfig, LoraConfig, LoraGAConfig, get_peft_model
from peft import initialize_lora_eva_weights as look
from peft import preprocess_loraga
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

BASE = "meta-llama/Llama-3.2-1B"


def with_eva(model, loader):
    config = LoraConfig(r=16, init_lora_weights="eva", eva_config=EvaConfig(rho=2.0))
    model = get_peft_model(model, config, low_cpu_mem_usage=True)
    look(model, loader)
    return model


def with_gradients(model, loader):
    config = LoraConfig(r=16, init_lora_weights="lora_ga", lora_ga_config=LoraGAConfig())

    def step():
        for batch in loader:
            model(**batch).loss.backward()

    preprocess_loraga(model, config, step)
    return get_peft_model(model, config)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--start", choices=["eva", "ga"], default="eva")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    rows = load_dataset("text", data_files="train.txt")["train"]
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=256))
    loader = DataLoader(rows, batch_size=4)
    model = AutoModelForCausalLM.from_pretrained(BASE)
    model = with_eva(model, loader) if args.start == "eva" else with_gradients(model, loader)
    trainer = Trainer(
        model=model, args=TrainingArguments("out", report_to=[]), train_dataset=rows
    )
    trainer.train()
    model.save_pretrained("out")


if __name__ == "__main__":
    main()
