"""Look-alike: keywords are built up, and sampling is switched on before they are used.

The false alarm would be PEF203: a dict begins with `do_sample=False` and a temperature.
"""

import os

import gradio as gr
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer, pipeline

ADAPTER = os.environ.get("ADAPTER", "results/poems")

tokenizer = AutoTokenizer.from_pretrained(ADAPTER)
model = AutoPeftModelForCausalLM.from_pretrained(ADAPTER, device_map="auto")
model.eval()

DEFAULTS = {"max_new_tokens": 200, "do_sample": False, "temperature": 0.8, "top_k": 30}


def keywords(creative, temperature):
    chosen = dict(DEFAULTS)
    if creative:
        chosen["do_sample"] = True
        chosen["temperature"] = temperature
    else:
        for name in ("temperature", "top_k"):
            del chosen[name]
    return chosen


def write(prompt, creative, temperature):
    inputs = tokenizer(prompt, return_tensors="pt").to(model.device)
    tokens = model.generate(**inputs, **keywords(creative, temperature))
    return tokenizer.decode(tokens[0], skip_special_tokens=True)


def titles(prompt):
    pipe = pipeline("text-generation", model=model, tokenizer=tokenizer, num_beams=3)
    return pipe(prompt, do_sample=False, max_new_tokens=12)[0]["generated_text"]


with gr.Blocks() as demo:
    prompt = gr.Textbox(label="First line")
    creative = gr.Checkbox(label="creative")
    temperature = gr.Slider(0.1, 2.0, value=0.8)
    poem = gr.Textbox(label="Poem")
    title = gr.Textbox(label="Title")
    gr.Button("Write").click(write, [prompt, creative, temperature], poem)
    gr.Button("Title").click(titles, prompt, title)

demo.launch()
