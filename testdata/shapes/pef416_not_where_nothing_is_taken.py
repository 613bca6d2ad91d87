"""The adapter stays in the attention, so that the vocabulary may grow afterwards as well."""

import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoTokenizer

NAME = "gpt2"


def grow(model, tokenizer):
    """Give rows to the new tokens that are the mean of all others."""
    model.resize_token_embeddings(len(tokenizer))
    rows = model.get_input_embeddings().weight
    with torch.no_grad():
        rows[-2:] = rows[:-2].mean(0)
    return model


def evaluate(model, tokenizer, texts):
    model.eval()
    losses = []
    with torch.no_grad():
        for text in texts:
            batch = tokenizer(text, return_tensors="pt")
            losses.append(model(**batch, labels=batch["input_ids"]).loss.item())
    return sum(losses) / len(losses)


def main():
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    tokenizer.add_tokens(["<quote>", "</quote>"])
    reports = {}
    for name, targets in {"fused": ["c_attn"], "both": ["c_attn", "c_proj"]}.items():
        base = AutoModelForCausalLM.from_pretrained(NAME)
        model = get_peft_model(base, LoraConfig(target_modules=targets, fan_in_fan_out=True))
        model = grow(model, tokenizer)
        set_peft_model_state_dict(model, torch.load(f"{name}.pt"))
        reports[name] = evaluate(model, tokenizer, ["a <quote> b </quote>"])
    print(reports)


if __name__ == "__main__":
    main()
