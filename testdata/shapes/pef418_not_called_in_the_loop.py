"""AdaLora by the book: the budget is updated between the step and zero_grad."""

import torch
from peft import AdaLoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, get_scheduler

MODEL = "facebook/opt-125m"
EPOCHS = 3


def load_lines(path, tokenizer):
    with open(path) as file:
        lines = [line.strip() for line in file if line.strip()]
    return DataLoader(
        lines,
        batch_size=8,
        shuffle=True,
        collate_fn=lambda rows: tokenizer(rows, padding=True, return_tensors="pt"),
    )


def build(steps):
    config = AdaLoraConfig(
        task_type="CAUSAL_LM",
        init_r=12,
        target_r=6,
        tinit=steps // 10,
        tfinal=steps // 4,
        total_step=steps,
    )
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(MODEL), config)
    model.print_trainable_parameters()
    return model


def update_budget(model, step):
    allocate = getattr(model.base_model, "update_and_allocate", None)
    if allocate is not None:
        allocate(step)


def main():
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    loader = load_lines("lines.txt", tokenizer)
    steps = EPOCHS * len(loader)
    model = build(steps)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    schedule = get_scheduler("cosine", optimizer, steps // 20, steps)
    model.train()
    done = 0
    for epoch in range(EPOCHS):
        for batch in loader:
            loss = model(**batch, labels=batch["input_ids"]).loss
            loss.backward()
            optimizer.step()
            schedule.step()
            update_budget(model, done)
            optimizer.zero_grad()
            done += 1
        print(f"epoch {epoch}: {loss.item():.3f}")
    model.save_pretrained("adalora")


if __name__ == "__main__":
    main()
