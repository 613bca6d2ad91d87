"""A chat model gets new tokens; the embeddings are to be trained beside the adapter."""

from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

BASE = "Qwen/Qwen2.5-0.5B"
TURNS = ["<|question|>", "<|answer|>"]

tokenizer = AutoTokenizer.from_pretrained(BASE)
tokenizer.add_special_tokens({"additional_special_tokens": TURNS})
model = AutoModelForCausalLM.from_pretrained(BASE)
model.resize_token_embeddings(len(tokenizer))

lora = LoraConfig(
    r=16,
    lora_alpha=32,
    lora_dropout=0.05,
    bias="none",
    target_modules=["q_proj", "v_proj"],
    modules_to_save=("embed_tokens"),  # expect: PEF308 error
    task_type="CAUSAL_LM",
)

trainer = SFTTrainer(
    model=model,
    args=SFTConfig("runs/turns", num_train_epochs=2, report_to=[]),
    train_dataset=load_dataset("json", data_files="turns.jsonl", split="train"),
    processing_class=tokenizer,
    peft_config=lora,
)
trainer.train()
trainer.save_model("runs/turns/adapter")
tokenizer.save_pretrained("runs/turns/adapter")
