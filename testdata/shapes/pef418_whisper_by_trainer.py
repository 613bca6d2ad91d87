"""Tune a speech model for one language; AdaLora took the place of LoRA in the config."""

import argparse

import torch
from datasets import load_dataset
from peft import AdaLoraConfig, get_peft_model
from transformers import (
    AutoModelForSpeechSeq2Seq,
    AutoProcessor,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    TrainerCallback,
)

MODEL = "openai/whisper-small"


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--language", default="mr")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--output", default="whisper-adalora")
    return parser.parse_args()


class PrintLoss(TrainerCallback):
    def on_log(self, args, state, control, logs=None, **kwargs):
        if logs and "loss" in logs:
            print(f"step {state.global_step}: {logs['loss']:.3f}")


class Collator:
    def __init__(self, processor):
        self.processor = processor

    def __call__(self, rows):
        audio = [{"input_features": row["input_features"]} for row in rows]
        batch = self.processor.feature_extractor.pad(audio, return_tensors="pt")
        labels = [{"input_ids": row["labels"]} for row in rows]
        padded = self.processor.tokenizer.pad(labels, return_tensors="pt")
        batch["labels"] = padded.input_ids.masked_fill(padded.attention_mask.ne(1), -100)
        return batch


def main():
    args = parse_args()
    processor = AutoProcessor.from_pretrained(MODEL)
    model = AutoModelForSpeechSeq2Seq.from_pretrained(MODEL, torch_dtype=torch.float32)
    config = AdaLoraConfig(  # expect: PEF418 warning
        init_r=12,
        target_r=4,
        tinit=args.steps // 10,
        tfinal=args.steps // 5,
        total_step=args.steps,
        lora_alpha=32,
        lora_dropout=0.1,
        target_modules=["k_proj", "q_proj", "v_proj", "out_proj", "fc1", "fc2"],
    )
    model = get_peft_model(model, config)
    model.print_trainable_parameters()

    rows = load_dataset("mozilla-foundation/common_voice_11_0", args.language, split="train")

    def prepare(row):
        audio = row["audio"]
        features = processor(audio["array"], sampling_rate=audio["sampling_rate"])
        row["input_features"] = features.input_features[0]
        row["labels"] = processor.tokenizer(row["sentence"]).input_ids
        return row

    trainer = Seq2SeqTrainer(
        model=model,
        args=Seq2SeqTrainingArguments(
            args.output,
            max_steps=args.steps,
            learning_rate=1e-3,
            remove_unused_columns=False,
            label_names=["labels"],
        ),
        train_dataset=rows.map(prepare),
        data_collator=Collator(processor),
        callbacks=[PrintLoss()],
    )
    trainer.train()
    model.save_pretrained(args.output)


if __name__ == "__main__":
    main()
