"""Adapters that need no task type, and prompts whose class of model says it."""

import torch
from peft import (
    AdaptionPromptConfig,
    IA3Config,
    LoraConfig,
    PeftConfig,
    PeftModel,
    PeftModelForCausalLM,
    PromptTuningConfig,
    get_peft_model,
)
from transformers import AutoModelForCausalLM


def base():
    return AutoModelForCausalLM.from_pretrained("meta-llama/Llama-3.2-1B")


def adapters():
    yield get_peft_model(base(), LoraConfig(r=8))
    yield get_peft_model(base(), IA3Config())
    yield get_peft_model(base(), AdaptionPromptConfig(adapter_len=8, adapter_layers=4))


def by_the_class():
    return PeftModelForCausalLM(base(), PromptTuningConfig(num_virtual_tokens=8))


def as_saved(path):
    config = PeftConfig.from_pretrained(path)
    return PeftModel.from_pretrained(base(), path, config=config)


def same_prompt_again(path):
    config = PromptTuningConfig.from_pretrained(path)
    config.inference_mode = False
    return get_peft_model(base(), config)


def train(model, batches):
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3)
    model.train()
    for batch in batches:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def main():
    for number, model in enumerate(adapters()):
        train(model, [])
        model.save_pretrained(f"out/{number}")
    train(by_the_class(), [])
    train(same_prompt_again("prompts/first"), [])
    print(as_saved("prompts/first").active_adapter)


if __name__ == "__main__":
    main()
