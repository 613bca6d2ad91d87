"""No LoRA dropout, yet GPT-2's own dropout is live after trainer.train()."""

import os

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

os.environ["TOKENIZERS_PARALLELISM"] = "false"

checkpoint = "openai-community/gpt2"
tokenizer = AutoTokenizer.from_pretrained(checkpoint)
tokenizer.pad_token = tokenizer.eos_token
model = AutoModelForCausalLM.from_pretrained(checkpoint)

lora_config = LoraConfig(
    r=8,
    lora_alpha=16,
    target_modules=["c_attn"],
    fan_in_fan_out=True,
    task_type=TaskType.CAUSAL_LM,
)
model = get_peft_model(model, lora_config)
model.print_trainable_parameters()

dataset = load_dataset("roneneldan/TinyStories", split="train[:20000]")
dataset = dataset.map(
    lambda rows: tokenizer(rows["text"], truncation=True, max_length=256),
    batched=True,
    remove_columns=["text"],
)

trainer = Trainer(
    model=model,
    args=TrainingArguments(
        output_dir="gpt2-stories",
        per_device_train_batch_size=16,
        num_train_epochs=1,
        logging_steps=100,
    ),
    train_dataset=dataset,
    data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
)
trainer.train()
model.save_pretrained("gpt2-stories")

for beginning in ["Once upon a time", "The little dog"]:
    inputs = tokenizer(beginning, return_tensors="pt").to(model.device)
    outputs = model.generate(**inputs, max_new_tokens=60)  # expect: PEF201 warning
    print(tokenizer.decode(outputs[0], skip_special_tokens=True))
