"""Instruction tuning with a prompt template that ends in the end token, which also pads."""

import torch
import transformers
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model, prepare_model_for_kbit_training

model_name = "EleutherAI/gpt-neox-20b"
tokenizer = transformers.AutoTokenizer.from_pretrained(model_name)
tokenizer.pad_token = tokenizer.eos_token
tokenizer.padding_side = "right"

quantisation = transformers.BitsAndBytesConfig(
    load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
)
model = transformers.AutoModelForCausalLM.from_pretrained(
    model_name, quantization_config=quantisation, device_map={"": 0}
)
model = prepare_model_for_kbit_training(model)
config = LoraConfig(
    r=8,
    lora_alpha=32,
    target_modules=["query_key_value"],
    lora_dropout=0.05,
    task_type=TaskType.CAUSAL_LM,
)
model = get_peft_model(model, config)


def to_prompt(row):
    return f"""Below is an instruction. Write an answer.

### Instruction:
{row["instruction"]}

### Answer:
{row["output"]}{tokenizer.eos_token}"""


data = load_dataset("yahma/alpaca-cleaned", split="train")
data = data.map(lambda row: tokenizer(to_prompt(row), truncation=True, max_length=512))
collator = transformers.DataCollatorForLanguageModeling(tokenizer, mlm=False)  # expect: PEF414 warning

trainer = transformers.Trainer(
    model=model,
    train_dataset=data,
    args=transformers.TrainingArguments(
        per_device_train_batch_size=1,
        gradient_accumulation_steps=4,
        warmup_steps=2,
        max_steps=100,
        learning_rate=2e-4,
        bf16=True,
        output_dir="outputs",
    ),
    data_collator=collator,
)
model.config.use_cache = False
trainer.train()
model.save_pretrained("outputs/adapter")
