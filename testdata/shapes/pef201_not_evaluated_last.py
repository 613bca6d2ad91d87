"""Look-alike: the Trainer evaluates last, or restores the best model, and leaves eval mode.

The false alarm would be PEF201: eval_strategy, load_best_model_at_end, trainer.evaluate().
"""

import sys

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
)

CHECKPOINT = "google-t5/t5-base"


def new_model():
    base = AutoModelForSeq2SeqLM.from_pretrained(CHECKPOINT)
    return get_peft_model(
        base, LoraConfig(task_type=TaskType.SEQ_2_SEQ_LM, r=16, lora_dropout=0.1)
    )


def run(variant, tokenizer, data):
    model = new_model()
    common = {"output_dir": f"t5-{variant}", "num_train_epochs": 3}
    if variant == "plain":
        args = Seq2SeqTrainingArguments(**common)
    elif variant == "epoch":
        args = Seq2SeqTrainingArguments(eval_strategy="epoch", **common)
    else:
        args = Seq2SeqTrainingArguments(
            eval_strategy="steps",
            eval_steps=200,
            save_steps=200,
            load_best_model_at_end=True,
            **common,
        )
    trainer = Seq2SeqTrainer(
        model=model,
        args=args,
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        processing_class=tokenizer,
        data_collator=DataCollatorForSeq2Seq(tokenizer, model=model),
    )
    trainer.train()
    if variant == "plain":
        print(trainer.evaluate())

    inputs = tokenizer("summarize: " + data["test"][0]["dialogue"], return_tensors="pt")
    output = model.generate(**inputs.to(model.device), max_new_tokens=60)
    print(tokenizer.decode(output[0], skip_special_tokens=True))


def main():
    tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
    data = load_dataset("knkarthick/samsum")
    tokenized = data.map(
        lambda rows: tokenizer(rows["dialogue"], text_target=rows["summary"], truncation=True),
        batched=True,
    )
    run(sys.argv[1], tokenizer, tokenized)


if __name__ == "__main__":
    main()
