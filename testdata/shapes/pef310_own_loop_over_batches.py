"""An epoch loop without a trainer, on a classifier that was wrapped for inference."""

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, get_scheduler

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def make_model(labels):
    base = AutoModelForSequenceClassification.from_pretrained("roberta-base", num_labels=labels)
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        inference_mode=True,  # expect: PEF310 error
        r=8,
        lora_alpha=16,
        lora_dropout=0.1,
    )
    model = get_peft_model(base, config)
    model.print_trainable_parameters()
    return model.to(DEVICE)


def fit(rows, labels, epochs=3):
    model = make_model(labels)
    loader = DataLoader(rows, batch_size=16, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    scheduler = get_scheduler("linear", optimizer, 0, epochs * len(loader))
    for epoch in range(epochs):
        model.train()
        for batch in loader:
            loss = model(**{key: value.to(DEVICE) for key, value in batch.items()}).loss
            loss.backward()
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
        print(epoch, loss.item())
    model.save_pretrained("runs/roberta")
