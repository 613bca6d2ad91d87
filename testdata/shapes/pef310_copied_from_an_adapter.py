"""SFT with a config whose fields were copied from an adapter_config.json."""

from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

BASE = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"

lora_config = LoraConfig(
    base_model_name_or_path=BASE,
    bias="none",
    fan_in_fan_out=False,
    inference_mode=True,  # expect: PEF310 error
    init_lora_weights=True,
    lora_alpha=16,
    lora_dropout=0.05,
    r=8,
    target_modules=["q_proj", "v_proj"],
    task_type="CAUSAL_LM",
)


def build_trainer(rows, tokenizer):
    model = AutoModelForCausalLM.from_pretrained(BASE, device_map="auto")
    return SFTTrainer(
        model=model,
        args=SFTConfig("runs/tiny", num_train_epochs=1, report_to=[]),
        train_dataset=rows,
        processing_class=tokenizer,
        peft_config=lora_config,
    )


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    rows = load_dataset("json", data_files="chats.jsonl", split="train")
    trainer = build_trainer(rows, tokenizer)
    trainer.train()
    trainer.save_model("runs/tiny/adapter")


if __name__ == "__main__":
    main()
