"""Train with a padding token of its own, then merge onto a fresh base for export."""

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer


class Run:
    base = "gpt2"

    def __init__(self, lines):
        self.lines = lines
        self.tokenizer = AutoTokenizer.from_pretrained("gpt2")
        if self.tokenizer.pad_token is None:
            self.tokenizer.add_special_tokens({"pad_token": "<pad>"})

    def collate(self, texts):
        batch = self.tokenizer(texts, return_tensors="pt", padding=True, truncation=True)
        batch["labels"] = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
        return batch

    def fit(self):
        model = AutoModelForCausalLM.from_pretrained("gpt2")
        model.resize_token_embeddings(len(self.tokenizer))
        model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", fan_in_fan_out=True))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
        model.train()
        for batch in DataLoader(self.lines, batch_size=8, collate_fn=self.collate):
            model(**batch).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        model.save_pretrained("stories")

    def export(self):
        fresh = AutoModelForCausalLM.from_pretrained("gpt2", dtype=torch.float16)
        model = PeftModel.from_pretrained(fresh, "stories")  # expect: PEF108 error
        model.merge_and_unload().save_pretrained("stories-merged")
        self.tokenizer.save_pretrained("stories-merged")


def main():
    with open("stories.txt", encoding="utf-8") as lines:
        run = Run([line.strip() for line in lines])
    run.fit()
    run.export()


if __name__ == "__main__":
    main()
