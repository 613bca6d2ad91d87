"""P-tuning of GPT-2 with early stopping: the best prompts are encoded twice in the end."""

import argparse

from datasets import load_dataset
from peft import PromptEncoderConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
)


def build(name, tokens):
    base = AutoModelForCausalLM.from_pretrained(name)
    config = PromptEncoderConfig(
        task_type=TaskType.CAUSAL_LM, num_virtual_tokens=tokens, encoder_hidden_size=128
    )
    model = get_peft_model(base, config)
    model.print_trainable_parameters()
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="gpt2")
    parser.add_argument("--tokens", type=int, default=20)
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    rows = load_dataset("json", data_files="rows.jsonl", split="train")
    rows = rows.map(lambda row: tokenizer(row["text"])).train_test_split(0.1)
    settings = TrainingArguments(
        output_dir="runs/p-tuning",
        eval_strategy="epoch",
        save_strategy="epoch",
        learning_rate=3e-2,
        load_best_model_at_end=True,  # expect: PEF421 error
    )
    trainer = Trainer(
        model=build(args.model, args.tokens),
        args=settings,
        train_dataset=rows["train"],
        eval_dataset=rows["test"],
        callbacks=[EarlyStoppingCallback(early_stopping_patience=3)],
    )
    trainer.train()
    trainer.save_model("runs/p-tuning/best")


if __name__ == "__main__":
    main()
