"""Look-alike: a loop of one's own that switches the mode in every epoch.

The false alarm would be PEF201: eval() comes through a helper and through the base alias.
"""

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader, TensorDataset
from transformers import AutoModelForCausalLM, AutoTokenizer


def set_mode(module, training):
    module.train(training)


def epoch_of_training(model, loader, optimizer):
    set_mode(model, True)
    for input_ids, labels in loader:
        loss = model(input_ids=input_ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


@torch.no_grad()
def validate(model, loader):
    set_mode(model, False)
    losses = [model(input_ids=ids, labels=labels).loss.item() for ids, labels in loader]
    return sum(losses) / len(losses)


def main():
    tokenizer = AutoTokenizer.from_pretrained("facebook/opt-350m")
    base = AutoModelForCausalLM.from_pretrained("facebook/opt-350m")
    model = get_peft_model(base, LoraConfig(r=8, lora_dropout=0.1, task_type="CAUSAL_LM"))
    data = TensorDataset(*torch.load("tokens.pt"))
    train, valid = DataLoader(data, batch_size=4, shuffle=True), DataLoader(data, batch_size=4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    best = float("inf")
    for epoch in range(5):
        epoch_of_training(model, train, optimizer)
        loss = validate(model, valid)
        print(f"epoch {epoch}: {loss:.4f}")
        if loss < best:
            best = loss
            model.save_pretrained("opt-lora-best")

    epoch_of_training(model, train, optimizer)
    base.eval()
    ids = tokenizer("It was a dark and stormy", return_tensors="pt").input_ids
    print(tokenizer.decode(model.generate(input_ids=ids, max_new_tokens=20)[0]))


if __name__ == "__main__":
    main()
