"""Defect: a release script merges and uploads, but what it uploads is the emptied wrapper."""

import argparse
import logging

import torch
from peft import PeftConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger(__name__)


def parse_args():
    parser = argparse.ArgumentParser(description="Merge an adapter and upload the model")
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--repository", required=True)
    parser.add_argument("--output", default="merged")
    parser.add_argument("--private", action="store_true")
    return parser.parse_args()


def load(adapter):
    config = PeftConfig.from_pretrained(adapter)
    base = AutoModelForCausalLM.from_pretrained(
        config.base_model_name_or_path, dtype=torch.bfloat16, device_map="cpu"
    )
    tokenizer = AutoTokenizer.from_pretrained(config.base_model_name_or_path)
    return PeftModel.from_pretrained(base, adapter), tokenizer


def main():
    args = parse_args()
    model, tokenizer = load(args.adapter)
    logger.info("merging %s", args.adapter)
    model.merge_and_unload()  # expect: PEF501 error
    model.save_pretrained(args.output, safe_serialization=True)
    tokenizer.save_pretrained(args.output)
    logger.info("uploading to %s", args.repository)
    model.push_to_hub(args.repository, private=args.private)
    tokenizer.push_to_hub(args.repository, private=args.private)


if __name__ == "__main__":
    main()
