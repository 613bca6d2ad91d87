"""Searches over the settings of an adapter; their values come from elsewhere."""

import json
import os

from peft import LoraConfig, OFTConfig, get_peft_model
from transformers import AutoModelForCausalLM, HfArgumentParser, TrainingArguments

STARTS = ["gaussian", "pissa", "pissa_niter_16", "olora", "lora_ga", "Gaussian", True, False]


def space(trial):
    return {
        "r": trial.suggest_categorical("r", [4, 8, 16]),
        "bias": trial.suggest_categorical("bias", ["none", "all", "lora_only"]),
        "init_lora_weights": trial.suggest_categorical("start", STARTS),
    }


def make_config(options):
    method = options.pop("method", "lora")
    if method == "oft":
        return OFTConfig(r=0, oft_block_size=32, bias="oft_only")
    config = LoraConfig(task_type=os.environ.get("TASK", "CAUSAL_LM"), **options)
    if config.r is None:
        config.r = 8
    return config


def objective(trial):
    (arguments,) = HfArgumentParser(TrainingArguments).parse_args_into_dataclasses()
    options = space(trial)
    if os.path.exists("fixed.json"):
        with open("fixed.json") as stream:
            options.update(json.load(stream))
    model = AutoModelForCausalLM.from_pretrained("gpt2")
    model = get_peft_model(model, make_config(options))
    model.save_pretrained(arguments.output_dir)
    return sum(parameter.numel() for parameter in model.parameters())


def fallback(rank="8", dropout=None):
    return LoraConfig(r=int(rank), lora_dropout=dropout or 0.0, init_lora_weights=STARTS[0])
