"""Prompt tuning of a sentiment model, in a class that keeps its numbers as constants."""

import torch
from peft import PromptTuningConfig, PromptTuningInit, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

TOKENS = 20


class Tuner:
    def __init__(self, name, text=None):
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        base = AutoModelForCausalLM.from_pretrained(name)
        self.model = get_peft_model(base, self.from_text(name, text) if text else self.plain())

    def plain(self):
        return PromptTuningConfig(TOKENS, task_type=TaskType.CAUSAL_LM)  # expect: PEF311 error

    def from_text(self, name, text):
        return PromptTuningConfig(
            task_type=TaskType.CAUSAL_LM,
            num_virtual_tokens=TOKENS,
            prompt_tuning_init=PromptTuningInit.TEXT,
            prompt_tuning_init_text=text,
            tokenizer_name_or_path=name,
        )

    def fit(self, texts, steps=100):
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=3e-2)
        self.model.train()
        for step in range(steps):
            batch = self.tokenizer(texts[step % len(texts)], return_tensors="pt")
            loss = self.model(**batch, labels=batch["input_ids"]).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()


if __name__ == "__main__":
    tuner = Tuner("gpt2")
    tuner.fit(["The film was good.", "The film was bad."])
    tuner.model.save_pretrained("prompts")
