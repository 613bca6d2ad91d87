"""One folder, and either the full model or the adapter in it; the other one has its own."""

import argparse
import json
import pathlib

from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


class Run:
    def __init__(self, args):
        self.args = args
        self.tokenizer = AutoTokenizer.from_pretrained(args.base)
        self.model = AutoModelForCausalLM.from_pretrained(args.base)

    def fit(self, rows):
        if self.args.start:
            self.model = PeftModel.from_pretrained(self.model, self.args.start)
            self.model = self.model.merge_and_unload()
        config = LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM")
        self.model = get_peft_model(self.model, config)
        arguments = TrainingArguments(self.args.output, max_steps=100, report_to=[])
        Trainer(model=self.model, args=arguments, train_dataset=rows).train()

    def save(self):
        if self.args.full:
            full = self.model.merge_and_unload()
            full.save_pretrained(self.args.output)
        else:
            self.model.save_pretrained(self.args.output)
        self.tokenizer.save_pretrained(self.args.output)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="gpt2")
    parser.add_argument("--start")
    parser.add_argument("--output", default="out")
    parser.add_argument("--full", action="store_true")
    run = Run(parser.parse_args())
    run.fit(json.loads(pathlib.Path("rows.json").read_text(encoding="utf-8")))
    run.save()


if __name__ == "__main__":
    main()
