"""A quantised model that scores texts, and a classifier of one's own that learns on top of it."""

import torch
from datasets import load_dataset
from torch.utils.data import DataLoader
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

NAME = "Qwen/Qwen2.5-0.5B"
QUANTISED = BitsAndBytesConfig(load_in_8bit=True)


def perplexity(texts):
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    model = AutoModelForCausalLM.from_pretrained(NAME, quantization_config=QUANTISED)
    losses = []
    with torch.no_grad():
        for text in texts:
            inputs = tokenizer(text, return_tensors="pt")
            losses.append(model(**inputs, labels=inputs["input_ids"]).loss)
    return torch.stack(losses).mean().exp().item()


class Probe(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.body = AutoModel.from_pretrained(NAME, quantization_config=QUANTISED)
        for parameter in self.body.parameters():
            parameter.requires_grad = False
        self.head = torch.nn.Linear(self.body.config.hidden_size, classes)

    def forward(self, **inputs):
        with torch.no_grad():
            hidden = self.body(**inputs).last_hidden_state
        return self.head(hidden[:, -1].float())


def main():
    rows = load_dataset("json", data_files="labelled.jsonl", split="train")
    print(perplexity(rows["text"][:100]))
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    probe = Probe(classes=4)
    optimizer = torch.optim.AdamW(probe.head.parameters(), lr=1e-3)
    for row in DataLoader(rows, batch_size=None, shuffle=True):
        inputs = tokenizer(row["text"], return_tensors="pt")
        target = torch.tensor([row["label"]])
        loss = torch.nn.functional.cross_entropy(probe(**inputs), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    torch.save(probe.head.state_dict(), "probe.pt")


if __name__ == "__main__":
    main()
