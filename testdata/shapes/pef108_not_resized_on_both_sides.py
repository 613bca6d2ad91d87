"""The same helper makes the base for training and for evaluation, resized in both cases."""

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

BASE = "Qwen/Qwen2.5-0.5B"
SAVED = "runs/tools"


class Pair:
    """A tokenizer and models that fit it."""

    def __init__(self):
        self.tokenizer = AutoTokenizer.from_pretrained(BASE)
        self.tokenizer.add_special_tokens({"additional_special_tokens": ["<call>", "</call>"]})

    def model(self, dtype=torch.float32):
        model = AutoModelForCausalLM.from_pretrained(BASE, dtype=dtype)
        model.resize_token_embeddings(len(self.tokenizer), pad_to_multiple_of=64)
        return model


def train(pair, rows):
    config = LoraConfig(r=8, task_type="CAUSAL_LM", modules_to_save=["embed_tokens"])
    model = get_peft_model(pair.model(), config)
    Trainer(
        model=model,
        args=TrainingArguments("runs", num_train_epochs=1, report_to=[]),
        train_dataset=rows,
    ).train()
    model.save_pretrained(SAVED)
    pair.tokenizer.save_pretrained(SAVED)


@torch.inference_mode()
def answer(pair, text):
    model = PeftModel.from_pretrained(pair.model(torch.bfloat16), SAVED)
    inputs = pair.tokenizer(text, return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=40, do_sample=False)
    return pair.tokenizer.decode(output[0])


def main(rows):
    pair = Pair()
    train(pair, rows)
    print(answer(pair, "What is the weather?"))


if __name__ == "__main__":
    main(torch.load("rows.pt"))
