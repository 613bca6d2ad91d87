"""Tune with markers for turns; the tokenizer grows early, the model only when it has its adapter."""

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

BASE = "mistralai/Mistral-7B-v0.1"
MARKERS = ["<|turn|>", "<|system|>"]


def make_tokenizer():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.add_special_tokens({"additional_special_tokens": MARKERS})
    tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def make_model(tokenizer):
    model = AutoModelForCausalLM.from_pretrained(BASE, device_map="auto")
    model.config.use_cache = False
    config = LoraConfig(
        r=32,
        lora_alpha=64,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
        modules_to_save=["embed_tokens", "lm_head"],
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(model, config)
    model.resize_token_embeddings(len(tokenizer))  # expect: PEF416 error
    model.print_trainable_parameters()
    return model


def main():
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    data = load_dataset("json", data_files="chats.jsonl", split="train")
    data = data.map(lambda row: tokenizer(row["text"], truncation=True, max_length=1024))
    arguments = TrainingArguments("chat", num_train_epochs=2, learning_rate=1e-4, bf16=True)
    collator = DataCollatorForLanguageModeling(tokenizer, mlm=False)
    trainer = Trainer(model, arguments, train_dataset=data, data_collator=collator)
    trainer.train()
    trainer.save_model("chat/adapter")


if __name__ == "__main__":
    main()
