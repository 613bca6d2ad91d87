"""Look-alike: a chat in the terminal, where sampling is wanted.

The false alarm would be PEF202: nothing is seeded, and nothing should be.
"""

import argparse

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig


def load(base_id, adapter):
    tokenizer = AutoTokenizer.from_pretrained(base_id)
    base = AutoModelForCausalLM.from_pretrained(
        base_id,
        quantization_config=BitsAndBytesConfig(load_in_4bit=True),
        device_map="auto",
    )
    return PeftModel.from_pretrained(base, adapter), tokenizer


def reply(model, tokenizer, messages):
    inputs = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to(model.device)
    with torch.inference_mode():
        output = model.generate(
            **inputs,
            do_sample=True,
            temperature=0.7,
            top_p=0.9,
            max_new_tokens=512,
        )
    return tokenizer.decode(output[0][inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("adapter")
    parser.add_argument("--base", default="mistralai/Mistral-7B-Instruct-v0.3")
    args = parser.parse_args()
    model, tokenizer = load(args.base, args.adapter)

    messages = []
    while True:
        try:
            text = input("> ").strip()
        except EOFError:
            break
        if text == "/clear":
            messages.clear()
            continue
        messages.append({"role": "user", "content": text})
        answer = reply(model, tokenizer, messages)
        messages.append({"role": "assistant", "content": answer})
        print(answer)


if __name__ == "__main__":
    main()
