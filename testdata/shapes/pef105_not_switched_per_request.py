"""Serve several adapters from one base; every request says which one it wants."""

import threading

import torch
from fastapi import FastAPI
from peft import PeftModel
from pydantic import BaseModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "Qwen/Qwen2.5-0.5B"
app = FastAPI()
lock = threading.Lock()


class Request(BaseModel):
    text: str
    adapter: str = "support"


class Models:
    def __init__(self):
        self.tokenizer = AutoTokenizer.from_pretrained(BASE)
        base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16)
        self.model = PeftModel.from_pretrained(base, "adapters/support", adapter_name="support")
        self.model.load_adapter("adapters/legal", adapter_name="legal")
        self.model.load_adapter("adapters/sales", adapter_name="sales")
        self.warm_up()

    def warm_up(self):
        """One answer, with the adapter that is active from the start."""
        self.answer("hello")

    @torch.inference_mode()
    def answer(self, text):
        inputs = self.tokenizer(text, return_tensors="pt")
        output = self.model.generate(**inputs, max_new_tokens=128, do_sample=False)
        return self.tokenizer.decode(output[0], skip_special_tokens=True)

    def answer_with(self, adapter, text):
        with lock:
            self.model.set_adapter(adapter)
            return self.answer(text)


models = Models()


@app.post("/answer")
def answer(request: Request):
    return {"answer": models.answer_with(request.adapter, request.text)}
