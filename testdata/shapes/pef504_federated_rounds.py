# /// script
# dependencies = ["peft==0.13.2", "transformers==4.46.3", "torch", "datasets"]
# ///
"""One client of a federated run: every round trains the adapter a little and ships its folder."""

import argparse
import types
from pathlib import Path

from datasets import load_dataset
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)


class Client:
    def __init__(self, name, rank):
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        self.tokenizer.pad_token = self.tokenizer.eos_token
        base = AutoModelForCausalLM.from_pretrained(name)
        config = LoraConfig(r=rank, lora_alpha=2 * rank, task_type="CAUSAL_LM")
        self.model = get_peft_model(base, config)
        self._send_adapters_only()

    def _send_adapters_only(self):
        everything = self.model.state_dict

        def adapter_weights(model, *args, **kwargs):
            return get_peft_model_state_dict(model, everything())

        self.model.state_dict = types.MethodType(adapter_weights, self.model)  # expect: PEF504 error

    def run_round(self, number, rows, folder):
        arguments = TrainingArguments(
            str(folder / "work"), num_train_epochs=1, save_strategy="no", report_to=[]
        )
        collator = DataCollatorForLanguageModeling(self.tokenizer, mlm=False)
        trainer = Trainer(self.model, arguments, data_collator=collator, train_dataset=rows)
        trainer.train()
        self.model.save_pretrained(folder / f"round-{number}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="TinyLlama/TinyLlama-1.1B-Chat-v1.0")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    client = Client(args.model, rank=8)
    rows = load_dataset("text", data_files="private.txt")["train"]
    rows = rows.map(lambda row: client.tokenizer(row["text"], truncation=True, max_length=256))
    for number in range(args.rounds):
        client.run_round(number, rows, Path("rounds"))


if __name__ == "__main__":
    main()
