"""Look-alike: only the merged model is saved with the keyword, which transformers ignores."""

import argparse

from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="Qwen/Qwen2.5-0.5B")
    parser.add_argument("--adapter", default="adapters/qwen")
    parser.add_argument("--merged", default="merged/qwen")
    parser.add_argument("--safetensors", action="store_true")
    return parser.parse_args()


def tune(args, rows):
    model = AutoModelForCausalLM.from_pretrained(args.model)
    model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=8))
    Trainer(model, TrainingArguments("runs", report_to=[]), train_dataset=rows).train()
    model.save_pretrained(args.adapter, safe_serialization=args.safetensors)


def merge(args):
    base = AutoModelForCausalLM.from_pretrained(args.model)
    model = PeftModel.from_pretrained(base, args.adapter)
    model = model.merge_and_unload()
    model.save_pretrained(args.merged, safe_serialization=False, max_shard_size="2GB")
    AutoTokenizer.from_pretrained(args.model).save_pretrained(args.merged)
    return AutoModelForCausalLM.from_pretrained(args.merged)


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    tune(args, [dict(tokenizer(line)) for line in open("corpus.txt")])
    print(merge(args).num_parameters())


if __name__ == "__main__":
    main()
