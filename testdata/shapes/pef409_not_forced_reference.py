# /// script
# dependencies = ["trl==0.18.2", "peft", "transformers<4.53", "datasets"]
# ///
"""Preferences with an adapter against a stronger reference, or with all weights."""

import argparse

from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer


class Preferences:
    """One training; `reference` is another model to compare with."""

    def __init__(self, base, reference=None, rank=0):
        self.base = base
        self.reference = reference
        self.rank = rank

    def adapter(self):
        if not self.rank:
            return None
        return LoraConfig(r=self.rank, lora_alpha=2 * self.rank, task_type="CAUSAL_LM")

    def settings(self, output):
        return DPOConfig(
            output_dir=output,
            beta=0.05,
            num_train_epochs=1,
            force_use_ref_model=self.reference is not None,
        )

    def run(self, output):
        model = AutoModelForCausalLM.from_pretrained(self.base)
        reference = None
        if self.reference is not None:
            reference = AutoModelForCausalLM.from_pretrained(self.reference)
        elif not self.rank:
            reference = AutoModelForCausalLM.from_pretrained(self.base)
        trainer = DPOTrainer(
            model=model,
            ref_model=reference,
            args=self.settings(output),
            train_dataset=load_dataset("json", data_files="pairs.jsonl", split="train"),
            processing_class=AutoTokenizer.from_pretrained(self.base),
            peft_config=self.adapter(),
        )
        trainer.train()
        trainer.save_model(output)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--reference")
    parser.add_argument("--rank", type=int, default=16)
    chosen = parser.parse_args()
    Preferences("Qwen/Qwen2.5-0.5B", "Qwen/Qwen2.5-1.5B").run("runs/full")
    Preferences("Qwen/Qwen2.5-0.5B", "Qwen/Qwen2.5-1.5B", rank=16).run("runs/strong")
    Preferences("Qwen/Qwen2.5-0.5B", chosen.reference, chosen.rank).run("runs/chosen")
    Preferences("Qwen/Qwen2.5-0.5B", rank=16).run("runs/lora")
