"""Speech recognition with Whisper and LoRA, reentrant checkpoints asked for after the settings."""

from dataclasses import dataclass
from typing import Any

from datasets import load_from_disk
from peft import LoraConfig, get_peft_model
from transformers import (
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    WhisperForConditionalGeneration,
    WhisperProcessor,
)

NAME = "openai/whisper-small"


@dataclass
class Collator:
    processor: Any

    def __call__(self, rows):
        features = [{"input_features": row["input_features"]} for row in rows]
        batch = self.processor.feature_extractor.pad(features, return_tensors="pt")
        labels = [{"input_ids": row["labels"]} for row in rows]
        batch["labels"] = self.processor.tokenizer.pad(labels, return_tensors="pt")["input_ids"]
        return batch


def build():
    model = WhisperForConditionalGeneration.from_pretrained(NAME)
    model.config.use_cache = False
    config = LoraConfig(r=32, lora_alpha=64, target_modules=["q_proj", "v_proj"], lora_dropout=0.05)
    return get_peft_model(model, config)


def main():
    args = Seq2SeqTrainingArguments(
        output_dir="runs/whisper",
        per_device_train_batch_size=8,
        learning_rate=1e-3,
        gradient_checkpointing=True,
        remove_unused_columns=False,
        label_names=["labels"],
    )
    args.gradient_checkpointing_kwargs = {"use_reentrant": True}  # expect: PEF407 warning
    trainer = Seq2SeqTrainer(
        args=args,
        model=build(),
        train_dataset=load_from_disk("speech"),
        data_collator=Collator(WhisperProcessor.from_pretrained(NAME)),
    )
    trainer.train()


if __name__ == "__main__":
    main()
