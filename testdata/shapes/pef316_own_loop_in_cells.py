"""An own loop over images in cells; the adapter is put on RegNet and pushed."""

# %%
import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoImageProcessor, AutoModelForImageClassification

device = "cuda" if torch.cuda.is_available() else "cpu"
checkpoint = "facebook/regnet-y-040"
processor = AutoImageProcessor.from_pretrained(checkpoint)

# %%
rows = load_dataset("food101", split="train[:500]")
labels = rows.features["label"].names
model = AutoModelForImageClassification.from_pretrained(
    checkpoint, num_labels=len(labels), ignore_mismatched_sizes=True
)

# %%
lora = LoraConfig(target_modules=["convolution"], modules_to_save=["classifier"])  # expect: PEF316 warning
model = get_peft_model(model, lora).to(device)

# %%
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
for epoch in range(3):
    model.train()
    for row in rows:
        batch = processor(row["image"].convert("RGB"), return_tensors="pt").to(device)
        loss = model(**batch, labels=torch.tensor([row["label"]], device=device)).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()

# %%
model.push_to_hub("someone/food-regnet-lora")
