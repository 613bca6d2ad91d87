"""Answer questions with a LoRA adapter that was trained earlier."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from peft import PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

ADAPTER = "mistral-7b-dolly-qlora"
PROMPT = "### Instruction:\n{instruction}\n\n### Response:\n"


def load(adapter: str):
    """Return the base model with its adapter, ready for inference, and the tokenizer."""
    config = PeftConfig.from_pretrained(adapter)
    base = AutoModelForCausalLM.from_pretrained(
        config.base_model_name_or_path,
        dtype=torch.bfloat16,
        device_map="auto",
    )
    model = get_peft_model(base, config)  # expect: PEF101 error
    model.eval()

    tokenizer = AutoTokenizer.from_pretrained(adapter)
    tokenizer.padding_side = "left"
    return model, tokenizer


@torch.inference_mode()
def answer(model, tokenizer, instructions: list[str], max_new_tokens: int) -> list[str]:
    """Generate one greedy answer per instruction."""
    prompts = [PROMPT.format(instruction=text) for text in instructions]
    batch = tokenizer(prompts, return_tensors="pt", padding=True).to(model.device)
    output = model.generate(
        **batch,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
    )
    new_tokens = output[:, batch["input_ids"].shape[1] :]
    return [text.strip() for text in tokenizer.batch_decode(new_tokens, skip_special_tokens=True)]


def batches(items: list[str], size: int):
    for start in range(0, len(items), size):
        yield items[start : start + size]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path, help="one question per line")
    parser.add_argument("--output", type=Path, default=Path("answers.jsonl"))
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--max-new-tokens", type=int, default=256)
    args = parser.parse_args()

    questions = [line for line in args.questions.read_text().splitlines() if line.strip()]
    model, tokenizer = load(ADAPTER)
    print(f"{len(questions)} questions, {model.num_parameters() / 1e9:.1f}B parameters")

    with args.output.open("w") as stream:
        for chunk in batches(questions, args.batch_size):
            for question, text in zip(chunk, answer(model, tokenizer, chunk, args.max_new_tokens)):
                stream.write(json.dumps({"question": question, "answer": text}) + "\n")


if __name__ == "__main__":
    main()
