"""Fine-tune Whisper with LoRA; the task type was copied from a T5 script."""

from dataclasses import dataclass
from typing import Any

import torch
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    WhisperForConditionalGeneration,
    WhisperProcessor,
)

MODEL = "openai/whisper-small"


@dataclass
class Collator:
    processor: Any

    def __call__(self, rows):
        sounds = [{"input_features": row["input_features"]} for row in rows]
        batch = self.processor.feature_extractor.pad(sounds, return_tensors="pt")
        texts = [{"input_ids": row["labels"]} for row in rows]
        labels = self.processor.tokenizer.pad(texts, return_tensors="pt")
        batch["labels"] = labels["input_ids"].masked_fill(labels.attention_mask.ne(1), -100)
        return batch


def load():
    model = WhisperForConditionalGeneration.from_pretrained(MODEL, dtype=torch.float16)
    model.config.forced_decoder_ids = None
    model.config.suppress_tokens = []
    config = LoraConfig(
        task_type=TaskType.SEQ_2_SEQ_LM,  # expect: PEF302 error
        r=32,
        lora_alpha=64,
        target_modules=["q_proj", "v_proj"],
        lora_dropout=0.05,
    )
    model = get_peft_model(model, config)
    model.print_trainable_parameters()
    return model


def main():
    processor = WhisperProcessor.from_pretrained(MODEL, language="hindi", task="transcribe")
    rows = load_dataset("common_voice", "hi", split="train")

    def prepare(row):
        sound = row["audio"]
        features = processor.feature_extractor(sound["array"], sampling_rate=16000)
        row["input_features"] = features.input_features[0]
        row["labels"] = processor.tokenizer(row["sentence"]).input_ids
        return row

    rows = rows.map(prepare, remove_columns=rows.column_names)
    args = Seq2SeqTrainingArguments(
        "out", per_device_train_batch_size=8, remove_unused_columns=False, label_names=["labels"]
    )
    trainer = Seq2SeqTrainer(
        model=load(), args=args, train_dataset=rows, data_collator=Collator(processor)
    )
    trainer.train()
    trainer.model.save_pretrained("whisper-lora")


if __name__ == "__main__":
    main()
