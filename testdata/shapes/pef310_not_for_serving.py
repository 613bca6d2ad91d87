"""Serving: weights from training are put into an adapter that is made for inference only."""

import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "gpt2"


class Generator:
    def __init__(self, weights):
        base = AutoModelForCausalLM.from_pretrained(BASE)
        config = LoraConfig(
            r=8,
            inference_mode=True,
            target_modules=["c_attn"],
            fan_in_fan_out=True,
            task_type="CAUSAL_LM",
        )
        self.tokenizer = AutoTokenizer.from_pretrained(BASE)
        self.model = get_peft_model(base, config)
        set_peft_model_state_dict(self.model, torch.load(weights, weights_only=True))
        self.model.eval()

    @torch.inference_mode()
    def complete(self, text):
        tokens = self.tokenizer(text, return_tensors="pt")
        answer = self.model.generate(**tokens, max_new_tokens=32, do_sample=False)
        return self.tokenizer.decode(answer[0], skip_special_tokens=True)


if __name__ == "__main__":
    print(Generator("weights.pt").complete("Once upon a time"))
