"""The classifier is saved, the equally new projector in front of it is not."""

import numpy as np
from datasets import Audio, load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoFeatureExtractor,
    AutoModelForAudioClassification,
    Trainer,
    TrainingArguments,
)

BASE = "facebook/wav2vec2-base"


def prepare(extractor):
    data = load_dataset("PolyAI/minds14", "en-US", split="train")
    data = data.cast_column("audio", Audio(sampling_rate=16_000))
    data = data.remove_columns(["path", "transcription", "english_transcription", "lang_id"])

    def extract(rows):
        arrays = [audio["array"] for audio in rows["audio"]]
        return extractor(arrays, sampling_rate=16_000, max_length=16_000, truncation=True)

    data = data.map(extract, batched=True, remove_columns="audio")
    return data.rename_column("intent_class", "label").train_test_split(test_size=0.2, seed=1)


def accuracy(prediction):
    guess = np.argmax(prediction.predictions, axis=1)
    return {"accuracy": float(np.mean(guess == prediction.label_ids))}


def main():
    extractor = AutoFeatureExtractor.from_pretrained(BASE)
    data = prepare(extractor)
    model = AutoModelForAudioClassification.from_pretrained(BASE, num_labels=14)
    model = get_peft_model(
        model,
        LoraConfig(  # expect: PEF301 error
            r=8,
            lora_alpha=16,
            target_modules=["q_proj", "v_proj"],
            modules_to_save=["classifier"],
        ),
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments("wav2vec2-intents", num_train_epochs=10, eval_strategy="epoch"),
        train_dataset=data["train"],
        eval_dataset=data["test"],
        compute_metrics=accuracy,
        processing_class=extractor,
    )
    trainer.train()
    model.save_pretrained("wav2vec2-intents-lora")


if __name__ == "__main__":
    main()
