"""AdaLora with a trainer of our own, which takes the ranks away after each step."""

import argparse

from datasets import load_dataset
from peft import AdaLoraConfig, get_peft_model
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    TrainerCallback,
)

from allocation import take_ranks

MODEL = "google/flan-t5-base"


class Allocating(TrainerCallback):
    """Pruning needs the gradients: `on_step_end` would be too late."""

    def on_optimizer_step(self, args, state, control, model=None, **kwargs):
        take_ranks(model, state.global_step)


class Summaries(Seq2SeqTrainer):
    def training_step(self, model, inputs, *args):
        loss = super().training_step(model, inputs, *args)
        take_ranks(model, self.state.global_step)
        return loss


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--by", choices=("callback", "trainer"), default="callback")
    return parser.parse_args()


def load(steps):
    config = AdaLoraConfig(
        task_type="SEQ_2_SEQ_LM",
        init_r=12,
        target_r=8,
        tinit=200,
        tfinal=steps // 4,
        total_step=steps,
        target_modules=["q", "v"],
    )
    return get_peft_model(AutoModelForSeq2SeqLM.from_pretrained(MODEL), config)


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    rows = load_dataset("xsum", split="train")
    rows = rows.map(
        lambda row: tokenizer(row["document"], text_target=row["summary"], truncation=True),
        remove_columns=rows.column_names,
    )
    settings = Seq2SeqTrainingArguments("summaries", max_steps=args.steps, learning_rate=1e-3)
    model = load(args.steps)
    collator = DataCollatorForSeq2Seq(tokenizer, model)
    if args.by == "trainer":
        trainer = Summaries(model=model, args=settings, train_dataset=rows, data_collator=collator)
    else:
        trainer = Seq2SeqTrainer(
            model=model,
            args=settings,
            train_dataset=rows,
            data_collator=collator,
            callbacks=[Allocating()],
        )
    trainer.train()
    model.save_pretrained("summaries")


if __name__ == "__main__":
    main()
