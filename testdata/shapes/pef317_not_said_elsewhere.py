"""Ranks and scales from the command line, a file, or the code of another module."""

import argparse
import json
from dataclasses import asdict, dataclass

from peft import LoraConfig, get_peft_model
from project.adapters import finish
from transformers import AutoModelForCausalLM


@dataclass
class Settings:
    r: int = 64
    lora_alpha: int = 128
    lora_dropout: float = 0.05


def from_settings(settings):
    return LoraConfig(**asdict(settings), task_type="CAUSAL_LM")


def from_file(path):
    with open(path) as stream:
        return LoraConfig(**{"r": 64, **json.load(stream)})


def from_arguments(args):
    changes = {} if args.alpha is None else {"lora_alpha": args.alpha}
    return LoraConfig(r=args.rank, **changes)


def finished():
    config = LoraConfig(r=64)
    finish(config)
    return config


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rank", type=int, default=64)
    parser.add_argument("--alpha", type=int)
    parser.add_argument("--file")
    parser.add_argument("--finished", action="store_true")
    args = parser.parse_args()
    if args.file:
        config = from_file(args.file)
    elif args.finished:
        config = finished()
    elif args.alpha:
        config = from_arguments(args)
    else:
        config = from_settings(Settings())
    model = get_peft_model(AutoModelForCausalLM.from_pretrained("gpt2"), config)
    model.print_trainable_parameters()


if __name__ == "__main__":
    main()
