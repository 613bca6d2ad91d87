"""A notebook that trains, saves and, some cells later, reloads under the same name."""

# %%
import torch
from datasets import load_dataset
from peft import LoraConfig, PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

MODEL = "Qwen/Qwen2.5-0.5B"
OUT = "qwen-quotes-lora"

# %%
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.bfloat16, device_map="auto")
data = load_dataset("Abirate/english_quotes", split="train")
data = data.map(lambda row: {"text": row["quote"] + " - " + row["author"]})

# %%
config = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.05, task_type="CAUSAL_LM")
model = get_peft_model(model, config)
model.print_trainable_parameters()

# %%
trainer = SFTTrainer(
    model=model,
    train_dataset=data,
    processing_class=tokenizer,
    args=SFTConfig(output_dir="checkpoints", max_steps=200, learning_rate=1e-4),
)
trainer.train()

# %%
model.save_pretrained("qwen-quotes-lora")
tokenizer.save_pretrained("qwen-quotes-lora")

# %% [markdown]
# Restart here to use the adapter.

# %%
del trainer
torch.cuda.empty_cache()

config = PeftConfig.from_pretrained("qwen-quotes-lora")
model = AutoModelForCausalLM.from_pretrained(config.base_model_name_or_path, device_map="auto")
model = get_peft_model(model, config)  # expect: PEF101 error
tokenizer = AutoTokenizer.from_pretrained("qwen-quotes-lora")

# %%
inputs = tokenizer("Two things are infinite:", return_tensors="pt").to(model.device)
output = model.generate(**inputs, max_new_tokens=40, do_sample=False)
print(tokenizer.decode(output[0], skip_special_tokens=True))
