"""Look-alike: a sweep whose helper loads the base anew, and a fork that wraps in one branch only.

The false alarm would be PEF103: the same line wraps several times, and two lines wrap `model`.
"""

import argparse

from datasets import load_from_disk
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForSeq2SeqLM, Seq2SeqTrainer, Seq2SeqTrainingArguments

BASE_ID = "google/flan-t5-base"


def build(rank, adapter=None):
    model = AutoModelForSeq2SeqLM.from_pretrained(BASE_ID)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, task_type="SEQ_2_SEQ_LM")
    if adapter is not None:
        return PeftModel.from_pretrained(model, adapter, is_trainable=True)
    return get_peft_model(model, config)


def fit(model, name):
    trainer = Seq2SeqTrainer(
        model=model,
        args=Seq2SeqTrainingArguments(output_dir=f"out/{name}", max_steps=1000),
        train_dataset=load_from_disk("data/summaries"),
    )
    trainer.train()
    model.save_pretrained(f"out/{name}/adapter")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--continue-from")
    parser.add_argument("--ranks", type=int, nargs="+", default=[4, 8, 16, 32, 64])
    args = parser.parse_args()
    for rank in args.ranks:
        fit(build(rank, args.continue_from), f"rank-{rank}")


if __name__ == "__main__":
    main()
