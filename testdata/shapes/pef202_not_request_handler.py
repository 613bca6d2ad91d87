"""Look-alike: an HTTP endpoint and a streaming endpoint sample for their users.

The false alarm would be PEF202: request handlers are not experiments.
"""

from contextlib import asynccontextmanager
from threading import Thread

import torch
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from peft import PeftModel
from pydantic import BaseModel
from transformers import AutoModelForCausalLM, AutoTokenizer, TextIteratorStreamer

BASE = "Qwen/Qwen2.5-7B-Instruct"
state = {}


class Request(BaseModel):
    prompt: str
    temperature: float = 0.7
    max_tokens: int = 256


@asynccontextmanager
async def lifespan(app):
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16, device_map="auto")
    state["model"] = PeftModel.from_pretrained(base, "adapters/helpdesk")
    state["tokenizer"] = AutoTokenizer.from_pretrained(BASE)
    yield
    state.clear()


app = FastAPI(lifespan=lifespan)


@app.post("/generate")
def generate(request: Request):
    model, tokenizer = state["model"], state["tokenizer"]
    inputs = tokenizer(request.prompt, return_tensors="pt").to(model.device)
    with torch.inference_mode():
        ids = model.generate(
            **inputs,
            do_sample=True,
            temperature=request.temperature,
            max_new_tokens=request.max_tokens,
        )
    return {"text": tokenizer.decode(ids[0], skip_special_tokens=True)}


@app.post("/stream")
def stream(request: Request):
    model, tokenizer = state["model"], state["tokenizer"]
    inputs = tokenizer(request.prompt, return_tensors="pt").to(model.device)
    streamer = TextIteratorStreamer(tokenizer, skip_prompt=True)
    keywords = dict(**inputs, streamer=streamer, do_sample=True, max_new_tokens=request.max_tokens)
    Thread(target=model.generate, kwargs=keywords).start()
    return StreamingResponse(streamer, media_type="text/plain")
