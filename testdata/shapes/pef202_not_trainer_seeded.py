"""Look-alike: the construction of a Trainer seeds torch, so what follows is reproducible.

The false alarm would be PEF202 (and PEF201: the evaluation leaves eval mode).
"""

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

BASE = "mistralai/Mistral-7B-v0.1"


class Finetuning:
    def __init__(self, output_dir):
        self.tokenizer = AutoTokenizer.from_pretrained(BASE)
        self.tokenizer.pad_token = self.tokenizer.unk_token
        data = load_dataset("HuggingFaceH4/no_robots")
        self.trainer = SFTTrainer(
            model=AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16),
            args=SFTConfig(output_dir=output_dir, num_train_epochs=1, eval_strategy="epoch"),
            train_dataset=data["train"],
            eval_dataset=data["test"],
            processing_class=self.tokenizer,
            peft_config=LoraConfig(r=16, lora_dropout=0.05, task_type="CAUSAL_LM"),
        )

    def run(self):
        self.trainer.train()
        self.trainer.save_model()

    def samples(self, prompts):
        model = self.trainer.model
        for prompt in prompts:
            inputs = self.tokenizer(prompt, return_tensors="pt").to(model.device)
            ids = model.generate(**inputs, do_sample=True, top_p=0.9, max_new_tokens=64)
            print(self.tokenizer.decode(ids[0], skip_special_tokens=True))


if __name__ == "__main__":
    job = Finetuning("mistral-no-robots")
    job.run()
    job.samples(["Write a limerick about a cat.", "List three uses of vinegar."])
