"""A small chat demo on the tensors that a training script of a colleague left behind."""

import gradio as gr
import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"
WEIGHTS = "output/tinyllama-lora.pt"

tokenizer = AutoTokenizer.from_pretrained(BASE)
model = AutoModelForCausalLM.from_pretrained(BASE, device_map="auto")
peft_config = LoraConfig(
    task_type=TaskType.CAUSAL_LM, inference_mode=True, r=8, lora_alpha=32, lora_dropout=0.1
)
model = get_peft_model(model, peft_config)
model.load_state_dict(torch.load(WEIGHTS), strict=False)  # expect: PEF104 info
model.half().eval()


def answer(question, history):
    messages = []
    for asked, given in history:
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": given}]
    messages.append({"role": "user", "content": question})
    ids = tokenizer.apply_chat_template(messages, return_tensors="pt", add_generation_prompt=True)
    with torch.inference_mode():
        output = model.generate(input_ids=ids.to(model.device), max_new_tokens=256, do_sample=False)
    return tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)


gr.ChatInterface(answer).launch()
