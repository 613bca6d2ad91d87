"""Whisper for a new language: the trainer is handed the variable of the first cell."""

import evaluate
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForSpeechSeq2Seq,
    AutoProcessor,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
)

CHECKPOINT = "openai/whisper-small"

processor = AutoProcessor.from_pretrained(CHECKPOINT, language="Faroese", task="transcribe")
whisper = AutoModelForSpeechSeq2Seq.from_pretrained(CHECKPOINT)
whisper.config.forced_decoder_ids = None
whisper.config.use_cache = False

config = LoraConfig(r=32, lora_alpha=64, target_modules=["q_proj", "v_proj"], lora_dropout=0.05)
peft_whisper = get_peft_model(whisper, config)
peft_whisper.print_trainable_parameters()

data = load_dataset("carlosdanielhernandezmena/ravnursson_asr", split="train")


def prepare(row):
    audio = row["audio"]
    row["input_features"] = processor(
        audio["array"], sampling_rate=audio["sampling_rate"]
    ).input_features[0]
    row["labels"] = processor.tokenizer(row["normalized_text"]).input_ids
    return row


data = data.map(prepare, remove_columns=data.column_names).train_test_split(0.1)
wer = evaluate.load("wer")


def compute_metrics(prediction):
    texts = processor.tokenizer.batch_decode(prediction.predictions, skip_special_tokens=True)
    labels = processor.tokenizer.batch_decode(prediction.label_ids, skip_special_tokens=True)
    return {"wer": wer.compute(predictions=texts, references=labels)}


arguments = Seq2SeqTrainingArguments(
    output_dir="whisper-faroese",
    per_device_train_batch_size=8,
    learning_rate=1e-3,
    max_steps=2000,
    remove_unused_columns=False,
    label_names=["labels"],
)
trainer = Seq2SeqTrainer(
    args=arguments,
    model=whisper,  # expect: PEF411 error
    train_dataset=data["train"],
    eval_dataset=data["test"],
    compute_metrics=compute_metrics,
)
trainer.train()
trainer.save_model("whisper-faroese/final")
processor.save_pretrained("whisper-faroese/final")
