"""Look-alike: every new module is listed in modules_to_save.

The false alarm would be PEF301: image, audio and DeBERTa classifiers, and native adapters.
"""

from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForAudioClassification,
    AutoModelForImageClassification,
    AutoModelForSequenceClassification,
    Trainer,
    TrainingArguments,
    ViTForImageClassification,
)

IMAGE_HEAD = ["classifier"]


def image_model(labels):
    model = AutoModelForImageClassification.from_pretrained(
        "google/vit-base-patch16-224-in21k",
        num_labels=len(labels),
        ignore_mismatched_sizes=True,
    )
    config = LoraConfig(r=16, target_modules=["query", "value"], modules_to_save=IMAGE_HEAD)
    return get_peft_model(model, config)


def imagenet_model():
    model = ViTForImageClassification.from_pretrained("google/vit-base-patch16-224")
    return get_peft_model(model, LoraConfig(r=16, target_modules=["query", "value"]))


def audio_model(labels):
    model = AutoModelForAudioClassification.from_pretrained(
        "facebook/wav2vec2-base", num_labels=len(labels)
    )
    config = LoraConfig(
        r=8,
        target_modules=["q_proj", "v_proj"],
        modules_to_save=["projector", "classifier"],
    )
    return get_peft_model(model, config)


def text_model(labels):
    model = AutoModelForSequenceClassification.from_pretrained(
        "microsoft/deberta-v3-base", num_labels=len(labels)
    )
    config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, modules_to_save=["pooler"])
    return get_peft_model(model, config)


def native_model(labels):
    model = AutoModelForSequenceClassification.from_pretrained(
        "bert-base-uncased", num_labels=len(labels)
    )
    model.add_adapter(LoraConfig(r=8, modules_to_save=["classifier"]), adapter_name="topics")
    return model


def fit(model, dataset, output_dir):
    args = TrainingArguments(output_dir=output_dir, remove_unused_columns=False)
    trainer = Trainer(model=model, args=args, train_dataset=dataset)
    trainer.train()
    trainer.save_model(output_dir)


def main(datasets, labels):
    fit(image_model(labels["image"]), datasets["image"], "image")
    fit(imagenet_model(), datasets["imagenet"], "imagenet")
    fit(audio_model(labels["audio"]), datasets["audio"], "audio")
    fit(text_model(labels["text"]), datasets["text"], "text")
    fit(native_model(labels["topics"]), datasets["topics"], "topics")
