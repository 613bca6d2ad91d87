"""Look-alike: a reference forward without gradients, with the adapter switched off.

The false alarm would be PEF201: the model is in train mode, but the dropout sits in the adapter,
which takes no part, and the base family has none.
"""

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "mistralai/Mistral-7B-v0.1"


def log_probabilities(model, batch):
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    picked = logits[:, :-1].log_softmax(-1).gather(-1, batch["input_ids"][:, 1:, None])
    return (picked.squeeze(-1) * batch["attention_mask"][:, 1:]).sum(-1)


def preference_loss(model, chosen, rejected, beta=0.1):
    policy = log_probabilities(model, chosen) - log_probabilities(model, rejected)
    with torch.no_grad(), model.disable_adapter():
        reference = log_probabilities(model, chosen) - log_probabilities(model, rejected)
    return -F.logsigmoid(beta * (policy - reference)).mean()


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.pad_token = tokenizer.unk_token
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16, device_map="auto")
    model = get_peft_model(model, LoraConfig(r=16, lora_dropout=0.05, task_type="CAUSAL_LM"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)

    def collate(pairs):
        def encode(side):
            texts = [pair[side] for pair in pairs]
            return tokenizer(texts, return_tensors="pt", padding=True).to(model.device)

        return encode("chosen"), encode("rejected")

    loader = DataLoader(torch.load("pairs.pt"), batch_size=2, shuffle=True, collate_fn=collate)
    model.train()
    for chosen, rejected in loader:
        loss = preference_loss(model, chosen, rejected)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained("mistral-dpo-lora")


if __name__ == "__main__":
    main()
