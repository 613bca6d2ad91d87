"""New tokens done right: the base is resized, then gets an adapter that trains their rows."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

BASE = "meta-llama/Llama-3.2-1B"
TOKENS = ["<step>", "<result>"]


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--resume")
    parser.add_argument("--merge", action="store_true")
    return parser.parse_args()


def build(args):
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    added = tokenizer.add_tokens(TOKENS)
    print(f"{added} tokens were added")
    base = AutoModelForCausalLM.from_pretrained(BASE)
    base.resize_token_embeddings(len(tokenizer))
    if args.resume:
        return PeftModel.from_pretrained(base, args.resume, is_trainable=True), tokenizer
    rows = tokenizer.convert_tokens_to_ids(TOKENS)
    config = LoraConfig(
        task_type="CAUSAL_LM",
        target_modules="all-linear",
        trainable_token_indices={"embed_tokens": rows},
    )
    return get_peft_model(base, config), tokenizer


def main():
    args = parse_args()
    model, tokenizer = build(args)
    if len(tokenizer) != model.get_input_embeddings().weight.shape[0]:
        model.resize_token_embeddings(len(tokenizer))
    data = load_dataset("json", data_files="steps.jsonl", split="train")
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(output_dir="steps", num_train_epochs=1),
        train_dataset=data,
        processing_class=tokenizer,
    )
    trainer.train()
    if args.merge:
        merged = trainer.model.merge_and_unload()
        merged.resize_token_embeddings(len(tokenizer), pad_to_multiple_of=64)
        merged.save_pretrained("steps/full")
    tokenizer.save_pretrained("steps")


if __name__ == "__main__":
    main()
