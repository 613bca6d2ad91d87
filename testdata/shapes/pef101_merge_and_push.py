"""Merge a trained adapter into its base model and push the result."""

import argparse
import logging

import torch
from peft import PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

logger = logging.getLogger(__name__)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapter", type=str, required=True)
    parser.add_argument("--output", type=str, default="merged")
    parser.add_argument("--push-to", type=str, default=None, help="repository on the Hub")
    return parser.parse_args()


def main():
    logging.basicConfig(level=logging.INFO)
    args = parse_args()

    peft_config = PeftConfig.from_pretrained(args.adapter)
    logger.info("base model: %s", peft_config.base_model_name_or_path)
    base = AutoModelForCausalLM.from_pretrained(
        peft_config.base_model_name_or_path,
        dtype=torch.bfloat16,
        low_cpu_mem_usage=True,
    )
    tokenizer = AutoTokenizer.from_pretrained(peft_config.base_model_name_or_path)

    model = get_peft_model(  # expect: PEF101 error
        base,
        peft_config,
    )
    merged = model.merge_and_unload()
    merged.save_pretrained(args.output, max_shard_size="4GB")
    tokenizer.save_pretrained(args.output)
    logger.info("merged model written to %s", args.output)

    if args.push_to is not None:
        merged.push_to_hub(args.push_to)
        tokenizer.push_to_hub(args.push_to)


if __name__ == "__main__":
    main()
