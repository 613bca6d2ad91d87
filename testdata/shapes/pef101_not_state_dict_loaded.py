"""Look-alike: the wrapped model gets its weights by hand with set_peft_model_state_dict.

The false alarm would be PEF101: the configuration comes from a checkpoint, but nothing is lost.
"""

import argparse
from pathlib import Path

import torch
from peft import PeftConfig, get_peft_model, load_peft_weights, set_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoTokenizer


def attach(base, adapter_dir):
    config = PeftConfig.from_pretrained(str(adapter_dir))
    model = get_peft_model(base, config)
    weights = load_peft_weights(str(adapter_dir), device="cpu")
    result = set_peft_model_state_dict(model, weights)
    if result.unexpected_keys:
        raise RuntimeError(f"unexpected keys in {adapter_dir}: {result.unexpected_keys[:3]}")
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--prompt", default="The quick brown fox")
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained("mistralai/Mistral-7B-v0.1")
    base = AutoModelForCausalLM.from_pretrained("mistralai/Mistral-7B-v0.1", dtype=torch.bfloat16)
    model = attach(base, args.adapter)
    model.eval()

    inputs = tokenizer(args.prompt, return_tensors="pt")
    with torch.no_grad():
        output = model.generate(**inputs, max_new_tokens=50)
    print(tokenizer.decode(output[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
