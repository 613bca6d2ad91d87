"""Look-alike: the start of a PiSSA adapter is kept, and the trained one is converted by it."""

import os
from dataclasses import dataclass, field

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, HfArgumentParser, Trainer, TrainingArguments


@dataclass
class Arguments:
    model: str = field(default="meta-llama/Llama-3.2-1B")
    rank: int = field(default=128)
    convert: bool = field(default=True)


def build(args, folder):
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.bfloat16)
    config = LoraConfig(
        r=args.rank,
        lora_alpha=args.rank,
        init_lora_weights="pissa_niter_16",
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(model, config)
    # The untrained adapter says of itself that a load shall not decompose anything.
    model.peft_config["default"].init_lora_weights = True
    model.save_pretrained(os.path.join(folder, "start"))
    return model


def main():
    parser = HfArgumentParser((Arguments, TrainingArguments))
    args, training = parser.parse_args_into_dataclasses()
    model = build(args, training.output_dir)
    trainer = Trainer(model=model, args=training)
    trainer.train()
    start = os.path.join(training.output_dir, "start")
    final = os.path.join(training.output_dir, "final")
    if args.convert:
        model.save_pretrained(final, path_initial_model_for_weight_conversion=start)
    else:
        model.merge_and_unload().save_pretrained(final)


if __name__ == "__main__":
    main()
