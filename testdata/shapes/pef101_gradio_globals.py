"""A gradio demo: the model is a module global that the UI handler reads."""

import gradio as gr
import torch
from peft import PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

PEFT_MODEL_ID = "acme/llama-2-7b-support-lora"

config = PeftConfig.from_pretrained(PEFT_MODEL_ID)
tokenizer = AutoTokenizer.from_pretrained(config.base_model_name_or_path)
model = AutoModelForCausalLM.from_pretrained(
    config.base_model_name_or_path,
    dtype=torch.float16,
    device_map="auto",
)
model = get_peft_model(model, config)  # expect: PEF101 error
model.eval()


def build_prompt(message, history):
    turns = [f"{turn['role']}: {turn['content']}" for turn in history]
    return "\n".join([*turns, f"user: {message}", "assistant:"])


def respond(message, history, temperature, max_new_tokens):
    inputs = tokenizer(build_prompt(message, history), return_tensors="pt").to(model.device)
    with torch.no_grad():
        output = model.generate(
            **inputs,
            do_sample=True,
            temperature=temperature,
            max_new_tokens=int(max_new_tokens),
        )
    new_tokens = output[0][inputs["input_ids"].shape[1] :]
    return tokenizer.decode(new_tokens, skip_special_tokens=True)


demo = gr.ChatInterface(
    respond,
    type="messages",
    title="Support assistant",
    additional_inputs=[
        gr.Slider(0.1, 1.5, value=0.7, label="temperature"),
        gr.Slider(16, 1024, value=256, step=16, label="max new tokens"),
    ],
)

if __name__ == "__main__":
    demo.launch()
