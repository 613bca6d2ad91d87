"""Review classifier on a float16 base: its head is trained in float16, under fp16 AMP."""

import argparse

import numpy as np
import torch
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
)

MODEL = "meta-llama/Llama-3.2-1B"


def compute_metrics(prediction):
    logits, labels = prediction
    return {"accuracy": float((np.argmax(logits, axis=-1) == labels).mean())}


def build(rank):
    model = AutoModelForSequenceClassification.from_pretrained(
        MODEL, num_labels=3, torch_dtype=torch.float16, device_map="auto", pad_token_id=0
    )
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=rank,
        lora_alpha=2 * rank,
        target_modules=["q_proj", "v_proj"],
    )
    model = get_peft_model(model, config)
    model.print_trainable_parameters()
    return model


class WeightedTrainer(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, **kwargs):
        outputs = model(**inputs)
        weights = torch.tensor([1.0, 2.0, 4.0], device=outputs.logits.device)
        loss = torch.nn.functional.cross_entropy(outputs.logits, inputs["labels"], weights)
        return (loss, outputs) if return_outputs else loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    tokenizer.pad_token_id = 0
    data = load_dataset("yelp_review_full").map(lambda row: tokenizer(row["text"]))
    training_args = TrainingArguments(
        output_dir="runs/reviews",
        per_device_train_batch_size=8,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        fp16=True,
    )
    trainer = WeightedTrainer(  # expect: PEF406 warning
        model=build(args.rank),
        args=training_args,
        train_dataset=data["train"],
        eval_dataset=data["test"],
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=compute_metrics,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
    )
    trainer.train(resume_from_checkpoint=args.resume)
    trainer.save_model("runs/reviews/best")


if __name__ == "__main__":
    main()
