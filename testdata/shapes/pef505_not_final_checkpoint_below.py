"""The adapter is saved in the run's folder, the merged model in one below."""

import os
from dataclasses import dataclass

import torch
from datasets import load_dataset
from peft import AutoPeftModelForCausalLM, LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, HfArgumentParser
from trl import SFTConfig, SFTTrainer


@dataclass
class Arguments:
    model: str = "meta-llama/Llama-3.2-1B"
    output_dir: str = "results"
    merge: bool = True


def main():
    (args,) = HfArgumentParser(Arguments).parse_args_into_dataclasses()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.bfloat16),
        args=SFTConfig(output_dir=args.output_dir, max_steps=200, report_to=[]),
        train_dataset=load_dataset("json", data_files="rows.jsonl", split="train"),
        processing_class=tokenizer,
        peft_config=LoraConfig(r=8, task_type="CAUSAL_LM"),
    )
    trainer.train()
    trainer.save_model(args.output_dir)
    adapter = os.path.join(args.output_dir, "final_checkpoint")
    trainer.model.save_pretrained(adapter)
    del trainer

    if args.merge:
        model = AutoPeftModelForCausalLM.from_pretrained(adapter, dtype=torch.bfloat16)
        model = model.merge_and_unload()
        merged = os.path.join(args.output_dir, "final_merged_checkpoint")
        model.save_pretrained(merged, safe_serialization=True)
        tokenizer.save_pretrained(merged)


if __name__ == "__main__":
    main()
