"""Look-alike: models without a new head do not need a task type.

The false alarm would be PEF301: causal language models, classification by generation, and an
encoder that is fine-tuned for embeddings.
"""

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

LABELS = ["negative", "neutral", "positive"]


def label_generator(dataset):
    model = AutoModelForCausalLM.from_pretrained("Qwen/Qwen2.5-0.5B", dtype=torch.bfloat16)
    model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear"))
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(output_dir="label-generator", max_steps=500),
        train_dataset=dataset.map(
            lambda row: {"text": f"{row['text']}\nLabel: {LABELS[row['label']]}"}
        ),
    )
    trainer.train()
    trainer.save_model()


class Embedder(torch.nn.Module):
    def __init__(self, name="google-bert/bert-base-uncased"):
        super().__init__()
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        encoder = AutoModel.from_pretrained(name)
        self.encoder = get_peft_model(encoder, LoraConfig(r=8, target_modules=["query", "value"]))

    def forward(self, texts):
        batch = self.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        hidden = self.encoder(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        return F.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)


def train_embedder(pairs, steps=1000, temperature=0.05):
    embedder = Embedder()
    optimizer = torch.optim.AdamW(embedder.parameters(), lr=2e-4)
    for _, (left, right) in zip(range(steps), pairs):
        scores = embedder(left) @ embedder(right).T / temperature
        loss = F.cross_entropy(scores, torch.arange(len(left)))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    embedder.encoder.save_pretrained("embedder-lora")
