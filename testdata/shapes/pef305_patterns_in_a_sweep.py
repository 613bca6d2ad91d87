"""Compares where adapters are put, in cells; patterns and names are mixed up."""

# %%
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

base = "meta-llama/Llama-3.2-1B"
tokenizer = AutoTokenizer.from_pretrained(base)
prompt = tokenizer("The sea is", return_tensors="pt")


# %%
def count(config):
    model = AutoModelForCausalLM.from_pretrained(base, torch_dtype=torch.bfloat16)
    model = get_peft_model(model, config)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


# %%
attention = LoraConfig(r=8, target_modules=["q_proj", "k_proj", ".*v_proj"])  # expect: PEF305 warning
print("attention", count(attention))

# %%
everything = LoraConfig(r=8, target_modules=["all-linear"])  # expect: PEF305 error
print("everything", count(everything))

# %%
pattern = r".*\.q_proj|v_proj"
model = AutoModelForCausalLM.from_pretrained(base)
model = get_peft_model(model, LoraConfig(r=8, target_modules=pattern))  # expect: PEF305 warning
print("queries and values", model.get_nb_trainable_parameters())

# %%
model = AutoModelForCausalLM.from_pretrained(base)
one = LoraConfig(r=8, target_modules="v_proj")  # expect: PEF305 error
model = get_peft_model(model, one)
