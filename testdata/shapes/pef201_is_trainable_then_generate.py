"""An adapter is loaded for further training, and used at once to see where it stands."""

# %%
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "meta-llama/Llama-2-7b-hf"
ADAPTER = "acme/llama-2-7b-sql-lora"

# %%
tokenizer = AutoTokenizer.from_pretrained(BASE)
base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16, device_map="auto")
model = PeftModel.from_pretrained(base, ADAPTER, is_trainable=True)
model.print_trainable_parameters()

# %%
SCHEMA = "CREATE TABLE sales (day DATE, shop TEXT, amount REAL);"


def ask(question):
    prompt = f"{SCHEMA}\n-- {question}\nSELECT"
    inputs = tokenizer(prompt, return_tensors="pt").to(model.device)
    output = model.generate(**inputs, max_new_tokens=64, do_sample=False)  # expect: PEF201 info
    return tokenizer.decode(output[0], skip_special_tokens=True)


# %%
print(ask("total amount per shop"))

# %%
print(ask("the best day of the shop in Ghent"))
