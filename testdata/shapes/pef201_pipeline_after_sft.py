"""A pipeline around the model that the SFTTrainer has just trained keeps its mode."""

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline
from trl import SFTConfig, SFTTrainer

MODEL_NAME = "TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T"


def train():
    tokenizer = AutoTokenizer.from_pretrained(MODEL_NAME)
    model = AutoModelForCausalLM.from_pretrained(MODEL_NAME, dtype=torch.bfloat16)
    dataset = load_dataset("timdettmers/openassistant-guanaco", split="train")
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir="tinyllama-guanaco",
            dataset_text_field="text",
            max_length=512,
            packing=True,
            num_train_epochs=1,
            per_device_train_batch_size=4,
            report_to="none",
        ),
        train_dataset=dataset,
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=64,
            lora_alpha=16,
            lora_dropout=0.05,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        ),
    )
    trainer.train()
    return trainer, tokenizer


def main():
    trainer, tokenizer = train()
    generator = pipeline("text-generation", model=trainer.model, tokenizer=tokenizer)
    prompt = "### Human: What is a large language model?### Assistant:"
    result = generator(prompt, max_new_tokens=128, do_sample=False)  # expect: PEF201 warning
    print(result[0]["generated_text"])
    trainer.save_model()


if __name__ == "__main__":
    main()
