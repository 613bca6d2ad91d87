"""An image classifier: no task type covers its head, modules_to_save is missing."""

# %%
import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoImageProcessor,
    AutoModelForImageClassification,
    Trainer,
    TrainingArguments,
)

model_checkpoint = "google/vit-base-patch16-224-in21k"

# %%
dataset = load_dataset("ethz/food101", split="train[:5000]")
labels = dataset.features["label"].names
label2id = {label: i for i, label in enumerate(labels)}
id2label = {i: label for i, label in enumerate(labels)}

# %%
image_processor = AutoImageProcessor.from_pretrained(model_checkpoint)


def preprocess(rows):
    images = [image.convert("RGB") for image in rows["image"]]
    return {"pixel_values": image_processor(images)["pixel_values"], "label": rows["label"]}


def collate_fn(examples):
    pixel_values = torch.stack([torch.as_tensor(example["pixel_values"]) for example in examples])
    return {"pixel_values": pixel_values, "labels": torch.tensor([e["label"] for e in examples])}


splits = dataset.train_test_split(test_size=0.1)
splits = splits.with_transform(preprocess)

# %%
model = AutoModelForImageClassification.from_pretrained(
    model_checkpoint,
    label2id=label2id,
    id2label=id2label,
    ignore_mismatched_sizes=True,
)

# %%
config = LoraConfig(  # expect: PEF301 error
    r=16,
    lora_alpha=16,
    target_modules=["query", "value"],
    lora_dropout=0.1,
    bias="none",
)
lora_model = get_peft_model(model, config)
lora_model.print_trainable_parameters()

# %%
trainer = Trainer(
    lora_model,
    TrainingArguments(
        "vit-food101-lora",
        remove_unused_columns=False,
        eval_strategy="epoch",
        learning_rate=5e-3,
        num_train_epochs=5,
        label_names=["labels"],
    ),
    train_dataset=splits["train"],
    eval_dataset=splits["test"],
    data_collator=collate_fn,
)
trainer.train()

# %%
lora_model.save_pretrained("vit-food101-lora")
