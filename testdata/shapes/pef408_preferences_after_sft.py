"""Preference tuning on top of an SFT adapter, in a class that keeps the model and its config."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer


class PreferenceTuner:
    def __init__(self, base_id, adapter):
        self.tokenizer = AutoTokenizer.from_pretrained(base_id)
        self.base = AutoModelForCausalLM.from_pretrained(base_id)
        self.model = self._load(adapter)
        self.lora = LoraConfig(r=8, lora_alpha=16, task_type="CAUSAL_LM")

    def _load(self, adapter):
        model = PeftModel.from_pretrained(self.base, adapter, is_trainable=True)
        model.config.use_cache = False
        return model

    def fit(self, pairs, output):
        trainer = DPOTrainer(
            model=self.model,
            args=DPOConfig(output, beta=0.1, num_train_epochs=1),
            train_dataset=pairs,
            processing_class=self.tokenizer,
            peft_config=self.lora,  # expect: PEF408 error
        )
        trainer.train()
        trainer.save_model(output)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="Qwen/Qwen2.5-0.5B")
    parser.add_argument("--adapter", default="runs/sft")
    parser.add_argument("--output", default="runs/dpo")
    args = parser.parse_args()
    pairs = load_dataset("json", data_files="pairs.jsonl", split="train")
    PreferenceTuner(args.base, args.adapter).fit(pairs, args.output)


if __name__ == "__main__":
    main()
