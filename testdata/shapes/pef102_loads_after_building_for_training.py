"""An inference script that shares the builder of the training script, which adds fresh LoRA."""

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE_ID = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"
ADAPTER = "out/tinyllama-support"


def build_model():
    """Return the model as it was trained."""
    model = AutoModelForCausalLM.from_pretrained(BASE_ID, dtype=torch.float32)
    config = LoraConfig(
        r=16,
        lora_alpha=32,
        target_modules=["q_proj", "v_proj"],
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


class Support:
    def __init__(self, adapter):
        self.tokenizer = AutoTokenizer.from_pretrained(BASE_ID)
        self.model = PeftModel.from_pretrained(build_model(), adapter)  # expect: PEF102 error
        self.model.eval()

    def answer(self, question):
        inputs = self.tokenizer(question, return_tensors="pt")
        output = self.model.generate(**inputs, max_new_tokens=64)
        return self.tokenizer.decode(output[0], skip_special_tokens=True)


support = Support(ADAPTER)
for question in ("How do I reset my password?", "Where is my invoice?"):
    print(support.answer(question))
