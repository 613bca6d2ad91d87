"""Serving code that shares its loader with training, where the loader prepares what it is given."""

import torch
from fastapi import FastAPI
from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig, Trainer

MODEL = "mistralai/Mistral-7B-v0.1"
application = FastAPI()
tokenizer = AutoTokenizer.from_pretrained(MODEL)


def base():
    quantisation = BitsAndBytesConfig(load_in_4bit=True)
    return AutoModelForCausalLM.from_pretrained(MODEL, quantization_config=quantisation)


def load(adapter):
    model = PeftModel.from_pretrained(base(), adapter)
    # Full precision norms: what was measured in training is what is served.
    model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    return model.eval()


served = load("team/support-lora")


@application.post("/answer")
def answer(question: str):
    inputs = tokenizer(question, return_tensors="pt").to("cuda")
    with torch.inference_mode():
        tokens = served.generate(**inputs, max_new_tokens=200)
    return {"answer": tokenizer.decode(tokens[0], skip_special_tokens=True)}


def retrain(rows):
    model = get_peft_model(base(), LoraConfig(task_type="CAUSAL_LM"))
    model = prepare_model_for_kbit_training(model)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.requires_grad = True
    Trainer(model=model, train_dataset=rows).train()
    model.save_pretrained("retrained")
