"""Look-alike: generation inside Trainer callbacks and metrics, where the model is in eval mode.

The false alarm would be PEF201: no eval() in sight, and a gpt2 model with dropout in training.
"""

import numpy as np
import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

tokenizer = AutoTokenizer.from_pretrained("distilbert/distilgpt2")
tokenizer.pad_token = tokenizer.eos_token


class ShowSamples(TrainerCallback):
    def __init__(self, prompts):
        self.prompts = prompts

    def on_evaluate(self, args, state, control, model=None, **kwargs):
        for prompt in self.prompts:
            inputs = tokenizer(prompt, return_tensors="pt").to(model.device)
            with torch.no_grad():
                output = model.generate(**inputs, max_new_tokens=30, do_sample=False)
            print(state.global_step, tokenizer.decode(output[0], skip_special_tokens=True))


def compute_metrics(prediction):
    shifted = prediction.predictions[:, :-1].argmax(axis=-1)
    labels = prediction.label_ids[:, 1:]
    return {"accuracy": float(np.mean(shifted[labels != -100] == labels[labels != -100]))}


def main():
    model = AutoModelForCausalLM.from_pretrained("distilbert/distilgpt2")
    config = LoraConfig(r=8, lora_dropout=0.05, fan_in_fan_out=True, task_type="CAUSAL_LM")
    model = get_peft_model(model, config)
    data = load_dataset("roneneldan/TinyStories", split="train[:2000]").train_test_split(0.1)
    data = data.map(
        lambda rows: tokenizer(rows["text"], truncation=True, max_length=128),
        batched=True,
        remove_columns=["text"],
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir="distilgpt2", eval_strategy="steps", eval_steps=50),
        train_dataset=data["train"],
        eval_dataset=data["test"],
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
        compute_metrics=compute_metrics,
        callbacks=[ShowSamples(["Once upon a time", "Lily had a"])],
    )
    trainer.train()
    trainer.save_model()


if __name__ == "__main__":
    main()
