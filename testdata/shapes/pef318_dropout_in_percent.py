"""A sweep over dropouts that are written in percent."""

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

BASE = "gpt2"
DROPOUT = 5


def build(rank):
    model = AutoModelForCausalLM.from_pretrained(BASE)
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=DROPOUT,  # expect: PEF318 error
        target_modules=["c_attn"],
        fan_in_fan_out=True,
    )
    return get_peft_model(model, config)


def run(rank, rows):
    model = build(rank)
    arguments = TrainingArguments(f"runs/rank-{rank}", num_train_epochs=1, report_to=[])
    trainer = Trainer(model=model, args=arguments, train_dataset=rows)
    trainer.train()
    return trainer.evaluate(rows)


def main():
    rows = load_dataset("json", data_files="rows.jsonl", split="train")
    for rank in (4, 8, 16):
        print(rank, run(rank, rows))


if __name__ == "__main__":
    main()
