"""QLoRA fine-tuning of a chat model; the merged model goes to the hub at the end."""

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer

BASE = "mistralai/Mistral-7B-v0.1"
REPOSITORY = "team/mistral-support"


def quantisation():
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def load():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.pad_token = tokenizer.unk_token
    model = AutoModelForCausalLM.from_pretrained(
        BASE, quantization_config=quantisation(), device_map={"": 0}
    )
    model.config.use_cache = False
    model = prepare_model_for_kbit_training(model)
    config = LoraConfig(
        r=64,
        lora_alpha=16,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config), tokenizer


def main():
    model, tokenizer = load()
    rows = load_dataset("json", data_files="support.jsonl", split="train")
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig("runs/support", num_train_epochs=1, report_to=[]),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model("runs/support/adapter")

    merged = model.merge_and_unload()  # expect: PEF502 warning
    merged.push_to_hub(REPOSITORY)
    tokenizer.push_to_hub(REPOSITORY)


if __name__ == "__main__":
    main()
