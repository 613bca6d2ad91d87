"""Look-alike: train mode, but neither the base family nor the adapter has any dropout.

The false alarm would be PEF201: a Llama model and a LoraConfig without lora_dropout.
"""

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

model_id = "meta-llama/Llama-2-7b-hf"


def main():
    tokenizer = AutoTokenizer.from_pretrained(model_id)
    tokenizer.pad_token = tokenizer.unk_token
    model = AutoModelForCausalLM.from_pretrained(model_id, dtype=torch.bfloat16, device_map="auto")
    model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, task_type="CAUSAL_LM"))

    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(output_dir="llama-dolly", max_steps=300, gradient_checkpointing=False),
        train_dataset=load_dataset("philschmid/dolly-15k-oai-style", split="train"),
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model()

    inputs = tokenizer("The capital of Portugal is", return_tensors="pt").to(model.device)
    output = model.generate(**inputs, max_new_tokens=10, do_sample=False)
    print(tokenizer.decode(output[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
