"""Look-alike: a service that has a base, and an adapter on it only where one is configured.

The false alarm would be PEF106: `self.base` and `self.adapted` answer in methods beside each other.
"""

import os

import torch
from fastapi import FastAPI
from peft import PeftModel
from pydantic import BaseModel
from transformers import AutoModelForCausalLM, AutoTokenizer


class Question(BaseModel):
    text: str
    max_new_tokens: int = 128


class Service:
    def __init__(self, base_id, adapter=None):
        self.tokenizer = AutoTokenizer.from_pretrained(base_id)
        self.base = AutoModelForCausalLM.from_pretrained(base_id, device_map="auto")
        self.adapted = None
        if adapter:
            self.load(adapter)

    def load(self, adapter):
        self.drop()
        self.adapted = PeftModel.from_pretrained(self.base, adapter)
        self.adapted.eval()

    def drop(self):
        if self.adapted is not None:
            self.base = self.adapted.unload()
            self.adapted = None

    @torch.no_grad()
    def answer(self, text, max_new_tokens):
        inputs = self.tokenizer(text, return_tensors="pt").to(self.base.device)
        if self.adapted is None:
            tokens = self.base.generate(**inputs, max_new_tokens=max_new_tokens)
        else:
            tokens = self.adapted.generate(**inputs, max_new_tokens=max_new_tokens)
        return self.tokenizer.decode(tokens[0], skip_special_tokens=True)


app = FastAPI()
service = Service(os.environ["BASE_MODEL"], os.environ.get("ADAPTER"))


@app.post("/answer")
def answer(question: Question):
    return {"answer": service.answer(question.text, question.max_new_tokens)}


@app.post("/adapter")
def change(path: str):
    service.load(path)
    return {"adapter": path}


@app.delete("/adapter")
def remove():
    service.drop()
    return {"adapter": None}
