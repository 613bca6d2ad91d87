"""Whisper with LoRA as it works: no task type, or the wrapper's forward is not called."""

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForSpeechSeq2Seq,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    Trainer,
    WhisperForAudioClassification,
)

MODEL = "openai/whisper-tiny"
TARGETS = ["q_proj", "v_proj"]


def with_a_trainer(rows):
    model = AutoModelForSpeechSeq2Seq.from_pretrained(MODEL)
    model = get_peft_model(model, LoraConfig(r=8, target_modules=TARGETS))
    args = Seq2SeqTrainingArguments("out", remove_unused_columns=False, label_names=["labels"])
    trainer = Seq2SeqTrainer(model=model, args=args, train_dataset=rows)
    trainer.train()
    return model


def by_hand(rows, epochs=1):
    """The type is there for generate alone; training goes to the model inside."""
    model = AutoModelForSpeechSeq2Seq.from_pretrained(MODEL)
    config = LoraConfig(r=8, target_modules=TARGETS, task_type="SEQ_2_SEQ_LM")
    model = get_peft_model(model, config)
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-4)
    for _ in range(epochs):
        for batch in DataLoader(rows, batch_size=4):
            loss = model.base_model.model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    model.eval()
    return model, model.generate(input_features=rows[0]["input_features"][None])


def as_a_classifier(rows, labels):
    """The encoder alone takes what the wrapper passes on."""
    model = WhisperForAudioClassification.from_pretrained(MODEL, num_labels=labels)
    config = LoraConfig(
        target_modules=TARGETS, task_type="SEQ_CLS", modules_to_save=["projector", "classifier"]
    )
    model = get_peft_model(model, config)
    Trainer(model=model, train_dataset=rows).train()
    model.save_pretrained("language-id")


if __name__ == "__main__":
    sounds = [{"input_features": torch.zeros(80, 3000), "labels": torch.tensor([1, 2])}] * 8
    with_a_trainer(sounds).save_pretrained("one")
    by_hand(sounds)[0].save_pretrained("two")
    as_a_classifier([{"input_features": torch.zeros(80, 3000), "labels": 1}] * 8, 3)
