"""Prefix tuning through SFTTrainer, whose settings leave gradient checkpointing on."""

from dataclasses import dataclass

from datasets import load_dataset
from peft import PrefixTuningConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer


@dataclass
class Options:
    base: str = "Qwen/Qwen2.5-0.5B"
    tokens: int = 30
    output: str = "runs/prefix"


class Experiment:
    def __init__(self, options):
        self.options = options
        self.tokenizer = AutoTokenizer.from_pretrained(options.base)

    def prefix(self):
        return PrefixTuningConfig(
            task_type="CAUSAL_LM", num_virtual_tokens=self.options.tokens
        )

    def run(self):
        settings = SFTConfig(  # expect: PEF421 error
            output_dir=self.options.output,
            per_device_train_batch_size=4,
            learning_rate=1e-2,
            num_train_epochs=3,
        )
        trainer = SFTTrainer(
            model=AutoModelForCausalLM.from_pretrained(self.options.base),
            args=settings,
            train_dataset=load_dataset("json", data_files="chats.jsonl", split="train"),
            processing_class=self.tokenizer,
            peft_config=self.prefix(),
        )
        trainer.train()
        trainer.save_model(self.options.output)


if __name__ == "__main__":
    Experiment(Options()).run()
