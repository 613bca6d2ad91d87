"""Speech codes as tokens, whose rows are trained in full by the adapter or by hand."""

import argparse

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

CODES = [f"<code_{number}>" for number in range(1024)]


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--by-hand", action="store_true")
    parser.add_argument("--rank", type=int, default=64)
    return parser.parse_args()


def with_codes(name):
    tokenizer = AutoTokenizer.from_pretrained(name)
    tokenizer.add_tokens(CODES)
    model = AutoModelForCausalLM.from_pretrained(name)
    model.resize_token_embeddings(len(tokenizer))
    return tokenizer, model


def adapt(model, args):
    if args.by_hand:
        model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=args.rank))
        for name, parameter in model.named_parameters():
            if "embed_tokens" in name or "lm_head" in name:
                parameter.requires_grad = True
        return model
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=args.rank,
        target_modules=["q_proj", "v_proj"],
        modules_to_save=["embed_tokens", "lm_head"],
    )
    return get_peft_model(model, config)


def main():
    args = parse_args()
    tokenizer, model = with_codes("Qwen/Qwen2.5-0.5B")
    model = adapt(model, args)
    rows = torch.load("codes.pt")
    Trainer(model, TrainingArguments("codes"), train_dataset=rows).train()
    model.merge_and_unload().save_pretrained("codes/full")
    tokenizer.save_pretrained("codes/full")


if __name__ == "__main__":
    main()
