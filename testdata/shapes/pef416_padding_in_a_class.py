"""A tuner in a class: padding is set up last, when the head is in the adapter's hands."""

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer


class Tuner:
    NAME = "gpt2"

    def __init__(self, rank=8):
        self.tokenizer = AutoTokenizer.from_pretrained("gpt2")
        self.model = AutoModelForCausalLM.from_pretrained("gpt2")
        self.add_adapter(rank)
        self.set_padding()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=2e-4)

    def add_adapter(self, rank):
        config = LoraConfig(
            task_type=TaskType.CAUSAL_LM,
            r=rank,
            target_modules=["c_attn", "wte"],
            fan_in_fan_out=True,
        )
        self.model = get_peft_model(self.model, config)

    def set_padding(self):
        if self.tokenizer.pad_token is None:
            self.tokenizer.add_special_tokens({"pad_token": "[PAD]"})
            self.model.resize_token_embeddings(len(self.tokenizer))  # expect: PEF416 error
            self.model.config.pad_token_id = self.tokenizer.pad_token_id

    def fit(self, texts):
        self.model.train()
        for text in texts:
            batch = self.tokenizer(text, return_tensors="pt", padding=True)
            loss = self.model(**batch, labels=batch["input_ids"]).loss
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()


if __name__ == "__main__":
    tuner = Tuner()
    tuner.fit(["one two three", "four five six"])
    tuner.model.save_pretrained("gpt2-lora")
