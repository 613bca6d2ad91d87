"""DPO with a PiSSA adapter, and a reference model that is loaded on its own."""

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer

BASE = "Qwen/Qwen2.5-0.5B"


def load():
    return AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16)


def reference(needed):
    if not needed:
        return None
    model = load()
    model.requires_grad_(False)
    return model.eval()


def main(start="pissa"):
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    config = LoraConfig(r=16, init_lora_weights=start, task_type="CAUSAL_LM")
    trainer = DPOTrainer(
        load(),
        reference(start not in (True, "gaussian")),
        args=DPOConfig(output_dir="runs/dpo", beta=0.1, num_train_epochs=1),
        train_dataset=load_dataset("json", data_files="pairs.jsonl", split="train"),
        processing_class=tokenizer,
        peft_config=config,
    )
    trainer.train()
    trainer.save_model("runs/dpo")


if __name__ == "__main__":
    main()
