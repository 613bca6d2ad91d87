"""A translation service on an adapter; the Auto class makes the PeftModel of the task."""

import torch
from fastapi import FastAPI
from peft import AutoPeftModelForSeq2SeqLM
from transformers import AutoTokenizer

ADAPTER = "adapters/en-de"
app = FastAPI()


class Translator:
    def __init__(self, adapter):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tokenizer = AutoTokenizer.from_pretrained(adapter)
        self.model = AutoPeftModelForSeq2SeqLM.from_pretrained(adapter).to(self.device)
        self.model.eval()

    def translate(self, text):
        prompt = f"translate English to German: {text}"
        ids = self.tokenizer(prompt, return_tensors="pt").input_ids.to(self.device)
        with torch.inference_mode():
            output = self.model.generate(ids, num_beams=4)  # expect: PEF204 error
        return self.tokenizer.decode(output[0], skip_special_tokens=True)


translator = Translator(ADAPTER)


@app.get("/translate")
def translate(text: str):
    return {"translation": translator.translate(text)}
