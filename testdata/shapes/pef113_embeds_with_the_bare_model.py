"""An adapter that is trained for language modelling is put on the bare model for embeddings."""

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer
from transformers import DataCollatorForLanguageModeling

BASE = "roberta-base"
SAVED = "domain-adapter"


def adapt(lines, steps=500):
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    collate = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15)
    rows = [tokenizer(line, truncation=True, max_length=128) for line in lines]
    model = AutoModelForMaskedLM.from_pretrained(BASE)
    model = get_peft_model(model, LoraConfig(r=16, target_modules=["query", "value"]))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    model.train()
    batches = DataLoader(rows, batch_size=16, shuffle=True, collate_fn=collate)
    for step, batch in enumerate(batches):
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step == steps:
            break
    model.save_pretrained(SAVED)


def load_encoder():
    encoder = AutoModel.from_pretrained(BASE)
    encoder = PeftModel.from_pretrained(encoder, SAVED)  # expect: PEF113 error
    return encoder.eval()


@torch.no_grad()
def embed(encoder, texts):
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    inputs = tokenizer(texts, return_tensors="pt", padding=True, truncation=True)
    states = encoder(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1)
    return (states * mask).sum(1) / mask.sum(1)


if __name__ == "__main__":
    with open("domain.txt", encoding="utf-8") as stream:
        adapt([line.strip() for line in stream if line.strip()])
    print(embed(load_encoder(), ["a first text", "a second text"]).shape)
