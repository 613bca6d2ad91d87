"""Look-alike: two stages of tuning, with the first adapter merged before the second is put on.

The false alarm would be PEF103: both wraps are of a model called `model`.
"""

from datasets import load_from_disk
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments


class Stages:
    def __init__(self, base_id):
        self.model = AutoModelForCausalLM.from_pretrained(base_id)
        self.number = 0

    def run(self, dataset, rank):
        self.number += 1
        config = LoraConfig(r=rank, lora_alpha=rank, task_type="CAUSAL_LM")
        self.model = get_peft_model(self.model, config)
        trainer = Trainer(
            model=self.model,
            args=TrainingArguments(output_dir=f"out/stage-{self.number}", max_steps=500),
            train_dataset=dataset,
        )
        trainer.train()
        self.model = self.model.merge_and_unload()

    def save(self, path):
        self.model.save_pretrained(path)


if __name__ == "__main__":
    stages = Stages("meta-llama/Llama-3.2-1B")
    stages.run(load_from_disk("data/general"), 32)
    stages.run(load_from_disk("data/domain"), 8)
    stages.save("out/final")
