"""Look-alike: a run that resumes from an adapter, or begins with a fresh one, and then reloads.

The false alarm would be PEF102: two loads and a wrap of what is called `model`.
"""

import gc
import sys

from datasets import load_from_disk
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

BASE_ID = "Qwen/Qwen2.5-0.5B"
RESUME = sys.argv[1] if len(sys.argv) > 1 else None


def fresh_base():
    return AutoModelForCausalLM.from_pretrained(BASE_ID)


model = fresh_base()
if RESUME is None:
    model = get_peft_model(model, LoraConfig(r=16, task_type="CAUSAL_LM"))
else:
    model = PeftModel.from_pretrained(model, RESUME, is_trainable=True)

trainer = Trainer(
    model=model,
    args=TrainingArguments(output_dir="out", max_steps=200),
    train_dataset=load_from_disk("data/train"),
)
trainer.train()
model.save_pretrained("out/adapter")

# From here on, as another program would do it.
del trainer, model
gc.collect()
model = PeftModel.from_pretrained(fresh_base(), "out/adapter")
model = model.merge_and_unload()
model.save_pretrained("out/merged")
