"""Generation by keywords while the adapter is there, by position once it is merged."""

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
)

NAME = "t5-small"


class Paraphraser:
    def __init__(self, rows):
        self.tokenizer = AutoTokenizer.from_pretrained(NAME)
        base = AutoModelForSeq2SeqLM.from_pretrained(NAME)
        config = LoraConfig(task_type=TaskType.SEQ_2_SEQ_LM, r=8)
        self.model = get_peft_model(base, config)
        self.rows = rows

    def fit(self):
        trainer = Seq2SeqTrainer(
            model=self.model,
            args=Seq2SeqTrainingArguments("out", predict_with_generate=True, report_to=[]),
            train_dataset=self.rows,
            data_collator=DataCollatorForSeq2Seq(self.tokenizer, self.model),
        )
        trainer.train()
        self.model.eval()

    @torch.no_grad()
    def sample(self, text):
        inputs = self.tokenizer(text, return_tensors="pt")
        self.model.eval()
        beams = self.model.generate(**inputs, num_beams=4)
        short = self.model.generate(input_ids=inputs.input_ids, max_new_tokens=5)
        return beams, short

    def export(self, folder, text):
        merged = self.model.merge_and_unload()
        ids = self.tokenizer(text, return_tensors="pt").input_ids
        print(merged.generate(ids))
        merged.save_pretrained(folder)


def main(rows, text="a line"):
    paraphraser = Paraphraser(rows)
    paraphraser.fit()
    print(paraphraser.sample(text))
    paraphraser.export("merged", text)
