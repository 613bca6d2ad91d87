"""Look-alike: whether to sample is decided outside this file.

The false alarm would be PEF202: do_sample comes from the command line, the generation settings
from a file, and the checkpoint's own generation_config cannot be seen.
"""

import argparse

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="meta-llama/Llama-2-7b-hf")
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--do-sample", action="store_true")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--generation-config")
    parser.add_argument("prompts", nargs="+")
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(args.base)
    base = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.bfloat16, device_map="auto")
    model = PeftModel.from_pretrained(base, args.adapter)
    model.eval()

    keywords = {"max_new_tokens": 128, "do_sample": args.do_sample}
    if args.do_sample:
        keywords["temperature"] = args.temperature
    for prompt in args.prompts:
        inputs = tokenizer(prompt, return_tensors="pt").to(model.device)
        with torch.no_grad():
            if args.generation_config:
                config = GenerationConfig.from_pretrained(args.generation_config)
                output = model.generate(**inputs, generation_config=config)
            else:
                output = model.generate(**inputs, **keywords)
        print(tokenizer.decode(output[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
