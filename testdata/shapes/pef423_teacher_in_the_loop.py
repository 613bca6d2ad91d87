"""Distils one adapter into another; the teacher's stays active when the student is to learn."""

import argparse

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, get_cosine_schedule_with_warmup


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="meta-llama/Llama-3.2-1B")
    parser.add_argument("--teacher", default="teacher-adapter")
    parser.add_argument("--epochs", type=int, default=3)
    return parser.parse_args()


def teacher_logits(model, batch):
    model.set_adapter("teacher")  # expect: PEF423 warning
    with torch.no_grad():
        return model(**batch).logits


def main():
    args = parse()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    base = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.bfloat16)
    config = LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"])
    model = get_peft_model(base, config, adapter_name="student")
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
    schedule = get_cosine_schedule_with_warmup(optimizer, 10, 1000)
    model.load_adapter(args.teacher, adapter_name="teacher")
    model.enable_input_require_grads()
    loader = DataLoader(torch.load("texts.pt"), batch_size=4)
    for epoch in range(args.epochs):
        model.train()
        for texts in loader:
            batch = tokenizer(texts, padding=True, return_tensors="pt")
            target = teacher_logits(model, batch)
            logits = model(**batch).logits
            loss = F.kl_div(logits.log_softmax(-1), target.softmax(-1), reduction="batchmean")
            loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        print(epoch, loss.item())
    model.save_pretrained("student", selected_adapters=["student"])


if __name__ == "__main__":
    main()
