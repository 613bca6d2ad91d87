"""Look-alike: loading gives a model in eval mode, whatever happened before.

The false alarm would be PEF201: there is no eval() in this file, and none is needed.
"""

import json

import torch
from peft import AutoPeftModelForCausalLM, LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

BASE = "openai-community/gpt2-medium"


def train(dataset, output_dir):
    model = AutoModelForCausalLM.from_pretrained(BASE)
    config = LoraConfig(r=8, lora_dropout=0.1, task_type="CAUSAL_LM", fan_in_fan_out=True)
    trainer = Trainer(
        model=get_peft_model(model, config),
        args=TrainingArguments(output_dir=output_dir, num_train_epochs=1),
        train_dataset=dataset,
    )
    trainer.train()
    trainer.save_model(output_dir)


def reload(output_dir, merged):
    if merged:
        model = AutoPeftModelForCausalLM.from_pretrained(output_dir)
        return model.merge_and_unload()
    base = AutoModelForCausalLM.from_pretrained(BASE)
    return PeftModel.from_pretrained(base, output_dir)


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    with open("train.json") as stream:
        texts = json.load(stream)
    examples = [tokenizer(text, truncation=True) for text in texts]
    train([{**example, "labels": example["input_ids"]} for example in examples], "gpt2-lora")

    for merged in (False, True):
        model = reload("gpt2-lora", merged)
        inputs = tokenizer("In the beginning", return_tensors="pt")
        with torch.no_grad():
            output = model.generate(**inputs, max_new_tokens=20)
        print(merged, tokenizer.decode(output[0]))


if __name__ == "__main__":
    main()
