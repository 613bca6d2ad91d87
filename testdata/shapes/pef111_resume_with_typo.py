"""Second stage of an instruction tuning run, continued from the adapter of the first."""

import argparse

import torch
from datasets import load_dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE_ID = "meta-llama/Llama-3.2-1B"


def build(adapter, device):
    tokenizer = AutoTokenizer.from_pretrained(BASE_ID)
    tokenizer.pad_token = tokenizer.eos_token
    base = AutoModelForCausalLM.from_pretrained(BASE_ID, dtype=torch.bfloat16)
    model = PeftModel.from_pretrained(
        base,
        adapter,
        is_trainble=True,  # expect: PEF111 error
    )
    return model.to(device), tokenizer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--adapter", default="outputs/stage-one")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--push", action="store_true")
    args = parser.parse_args()
    model, tokenizer = build(args.adapter, args.device)
    rows = load_dataset("yahma/alpaca-cleaned", split="train[:2000]")
    weights = [one for one in model.parameters() if one.requires_grad]
    print(f"{len(weights)} tensors will be trained on {len(rows)} rows")
    model.save_pretrained(
        "outputs/stage-two",
        push_to_hub=args.push,  # expect: PEF111 warning
        repo_id="team/stage-two",
    )
    tokenizer.save_pretrained("outputs/stage-two")


if __name__ == "__main__":
    main()
