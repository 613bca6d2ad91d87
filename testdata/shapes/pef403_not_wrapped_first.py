"""The same loop done right, with two optimizers and gradient scaling."""

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def build(name, labels):
    base = AutoModelForSequenceClassification.from_pretrained(name, num_labels=labels)
    config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_dropout=0.1)
    return base, get_peft_model(base, config)


def optimizers(base, model):
    """The head learns faster than the adapter; the base's own name leads to both."""
    head = [p for n, p in model.named_parameters() if "modules_to_save" in n]
    rest = [p for n, p in base.named_parameters() if p.requires_grad and "lora_" in n]
    return torch.optim.AdamW(rest, lr=1e-4), torch.optim.SGD(head, lr=1e-2)


def main():
    tokenizer = AutoTokenizer.from_pretrained("roberta-base")
    rows = [dict(tokenizer("a text", return_tensors="pt"), labels=torch.tensor([1]))] * 64
    base, model = build("roberta-base", 4)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    slow, fast = optimizers(base, model)
    scaler = torch.amp.GradScaler()
    for batch in DataLoader(rows, batch_size=None):
        with torch.autocast("cuda", dtype=torch.float16):
            loss = model(**batch).loss
        scaler.scale(loss).backward()
        for optimizer in (slow, fast):
            scaler.step(optimizer)
            optimizer.zero_grad()
        scaler.update()
    model.save_pretrained("classifier-lora")


if __name__ == "__main__":
    main()
