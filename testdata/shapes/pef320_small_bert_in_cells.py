"""DistilBERT for reviews, in cells: its head has two layers whose names end alike."""

# %%
import torch
from datasets import load_dataset
from peft import LoraConfig, PeftModelForSequenceClassification
from transformers import AutoTokenizer, DistilBertForSequenceClassification

checkpoint = "distilbert/distilbert-base-uncased"
device = "cuda" if torch.cuda.is_available() else "cpu"

# %%
tokenizer = AutoTokenizer.from_pretrained(checkpoint)
rows = load_dataset("imdb", split="train[:2000]").shuffle(seed=1)
rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, padding="max_length"))
rows.set_format("torch", columns=["input_ids", "attention_mask", "label"])

# %%
model = DistilBertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
lora = LoraConfig(
    r=8,
    lora_dropout=0.05,
    target_modules="all-linear",  # expect: PEF320 error
    bias="none",
    task_type="SEQ_CLS",
)
model = PeftModelForSequenceClassification(model, lora).to(device)
model.print_trainable_parameters()

# %%
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
for batch in torch.utils.data.DataLoader(rows, batch_size=16):
    batch = {name: tensor.to(device) for name, tensor in batch.items()}
    loss = model(batch["input_ids"], batch["attention_mask"], labels=batch["label"]).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
