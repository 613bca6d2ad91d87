"""Look-alike: the configuration is read first and handed to PeftModel.from_pretrained.

The false alarm would be PEF101: this is the documented idiom, the weights are loaded.
"""

import torch
from peft import PeftConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

PEFT_ID = "acme/llama-2-13b-legal-qlora"


def load(four_bit=True):
    peft_config = PeftConfig.from_pretrained(PEFT_ID)
    quantization = None
    if four_bit:
        quantization = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_compute_dtype=torch.bfloat16)
    base = AutoModelForCausalLM.from_pretrained(
        peft_config.base_model_name_or_path,
        quantization_config=quantization,
        device_map="auto",
    )
    model = PeftModel.from_pretrained(base, PEFT_ID, config=peft_config)
    tokenizer = AutoTokenizer.from_pretrained(peft_config.base_model_name_or_path)
    return model, tokenizer, peft_config


def main():
    model, tokenizer, peft_config = load()
    print(f"rank {peft_config.r}, alpha {peft_config.lora_alpha}")
    inputs = tokenizer("A contract is void if", return_tensors="pt").to(model.device)
    output = model.generate(**inputs, max_new_tokens=80, do_sample=False)
    print(tokenizer.decode(output[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
