"""GRPO with a KL term on a model that the script wraps itself, started by OLoRA."""

import re

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM
from trl import GRPOConfig, GRPOTrainer

MODEL = "Qwen/Qwen2.5-0.5B"
ANSWER = re.compile(r"#### (-?\d+)")


def correct(completions, answer, **kwargs):
    found = (ANSWER.search(text) for text in completions)
    return [float(bool(m) and m.group(1) == a) for m, a in zip(found, answer, strict=True)]


class Experiment:
    def __init__(self, name, beta=0.04):
        self.name = name
        self.settings = GRPOConfig(
            output_dir=f"runs/{name}",
            beta=0.04,
            num_generations=8,
            max_completion_length=256,
            learning_rate=1e-5,
        )
        self.lora = LoraConfig(
            r=32,
            lora_alpha=64,
            init_lora_weights="olora",  # expect: PEF409 error
            target_modules="all-linear",
            task_type=TaskType.CAUSAL_LM,
        )

    def model(self):
        base = AutoModelForCausalLM.from_pretrained(MODEL)
        model = get_peft_model(base, self.lora)
        model.print_trainable_parameters()
        return model

    def run(self, rows):
        trainer = GRPOTrainer(
            model=self.model(), reward_funcs=[correct], args=self.settings, train_dataset=rows
        )
        trainer.train()
        trainer.save_model(self.settings.output_dir)


if __name__ == "__main__":
    Experiment("gsm8k-olora").run(load_dataset("openai/gsm8k", "main", split="train"))
