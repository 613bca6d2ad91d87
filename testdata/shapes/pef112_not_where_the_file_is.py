"""Everything beside the path says where the file is; the weights are loaded with it."""

import os

import torch
from peft import PeftConfig, PeftModel
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

REPOSITORY = "team/summaries"
TOKEN = os.environ.get("HUB_TOKEN")


def load(subfolder):
    where = {"subfolder": subfolder, "token": TOKEN, "revision": "v2"}
    config = PeftConfig.from_pretrained(REPOSITORY, task_type="SEQ_2_SEQ_LM", **where)
    base = AutoModelForSeq2SeqLM.from_pretrained(config.base_model_name_or_path)
    tokenizer = AutoTokenizer.from_pretrained(config.base_model_name_or_path)
    model = PeftModel.from_pretrained(
        base, REPOSITORY, config=config, is_trainable=False, **where
    )
    return model.eval(), tokenizer


@torch.inference_mode()
def summarise(model, tokenizer, texts):
    inputs = tokenizer(texts, return_tensors="pt", padding=True, truncation=True)
    output = model.generate(**inputs, max_new_tokens=80, num_beams=4)
    return tokenizer.batch_decode(output, skip_special_tokens=True)


def main():
    with open("articles.txt", encoding="utf-8") as lines:
        texts = [line.strip() for line in lines]
    for folder in ("short", "long"):
        model, tokenizer = load(folder)
        for text, summary in zip(texts, summarise(model, tokenizer, texts)):
            print(folder, text[:40], "->", summary)


if __name__ == "__main__":
    main()
