"""Base model and LoRA dropout come from the command line: nobody can see whether they are zero."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer


def get_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model_id", type=str, required=True)
    parser.add_argument("--lora_r", type=int, default=16)
    parser.add_argument("--lora_dropout", type=float, default=0.0)
    parser.add_argument("--max_steps", type=int, default=500)
    parser.add_argument("--output_dir", type=str, default="output")
    return parser.parse_args()


def main(args):
    tokenizer = AutoTokenizer.from_pretrained(args.model_id)
    model = AutoModelForCausalLM.from_pretrained(args.model_id, dtype=torch.bfloat16)
    peft_config = LoraConfig(
        r=args.lora_r,
        lora_alpha=2 * args.lora_r,
        lora_dropout=args.lora_dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(model, peft_config)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(output_dir=args.output_dir, max_steps=args.max_steps, report_to="none"),
        train_dataset=load_dataset("trl-lib/Capybara", split="train"),
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model(args.output_dir)

    messages = [{"role": "user", "content": "Name three rivers in Europe."}]
    ids = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to(model.device)
    reply = model.generate(**ids, max_new_tokens=64, do_sample=False)  # expect: PEF201 info
    print(tokenizer.decode(reply[0], skip_special_tokens=True))


if __name__ == "__main__":
    main(get_args())
