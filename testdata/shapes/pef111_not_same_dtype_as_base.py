"""Web demo of an adapter: the dtype is repeated, and the base has it on every device."""

import sys

import gradio as gr
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE_ID = "meta-llama/Llama-2-7b-hf"
LORA_ID = "team/alpaca-lora-7b"
device = "cuda" if torch.cuda.is_available() else "cpu"
load_8bit = "--load-8bit" in sys.argv

tokenizer = AutoTokenizer.from_pretrained(BASE_ID)
if device == "cuda":
    model = AutoModelForCausalLM.from_pretrained(
        BASE_ID,
        load_in_8bit=load_8bit,
        torch_dtype=torch.float16,
        device_map="auto",
    )
    model = PeftModel.from_pretrained(model, LORA_ID, torch_dtype=torch.float16)
else:
    model = AutoModelForCausalLM.from_pretrained(BASE_ID, device_map={"": device})
    model = PeftModel.from_pretrained(model, LORA_ID, device_map={"": device})

if not load_8bit:
    model.half()
model.eval()


def evaluate(instruction, max_new_tokens=128):
    inputs = tokenizer(instruction, return_tensors="pt").to(device)
    with torch.no_grad():
        output = model.generate(**inputs, max_new_tokens=max_new_tokens)
    return tokenizer.decode(output[0])


gr.Interface(fn=evaluate, inputs="text", outputs="text").launch()
