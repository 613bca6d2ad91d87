"""Export a merged model, and serve it: with the adapter on top once more."""

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline

BASE = "mistralai/Mistral-7B-v0.1"
ADAPTER = "runs/support/adapter"
EXPORT = "runs/support/export"


def export():
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float16)
    tuned = PeftModel.from_pretrained(base, ADAPTER)
    full = tuned.merge_and_unload()
    full.save_pretrained(EXPORT)
    AutoTokenizer.from_pretrained(BASE).save_pretrained(EXPORT)


class Support:
    def __init__(self, device="cpu"):
        self.tokenizer = AutoTokenizer.from_pretrained(EXPORT)
        model = AutoModelForCausalLM.from_pretrained(EXPORT, dtype=torch.float16)
        model = PeftModel.from_pretrained(model, ADAPTER)  # expect: PEF505 error
        model.eval()
        self.pipe = pipeline(
            "text-generation", model=model, tokenizer=self.tokenizer, device=device
        )

    def answer(self, question):
        prompt = f"Question: {question}\nAnswer:"
        rows = self.pipe(prompt, max_new_tokens=60, do_sample=False)
        return rows[0]["generated_text"][len(prompt) :].strip()


if __name__ == "__main__":
    export()
    support = Support()
    for question in ("How do I reset it?", "Where is my parcel?"):
        print(support.answer(question))
