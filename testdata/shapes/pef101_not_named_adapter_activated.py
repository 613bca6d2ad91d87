"""Look-alike: a second adapter with the trained weights is loaded and made active.

The false alarm would be PEF101: the fresh adapter "default" takes no part in the output.
"""

# %%
import torch
from peft import PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

adapter_path = "./lora-poems"

# %%
model = AutoModelForCausalLM.from_pretrained("tiiuae/falcon-7b", dtype=torch.bfloat16)
tokenizer = AutoTokenizer.from_pretrained("tiiuae/falcon-7b")

# %%
config = PeftConfig.from_pretrained(adapter_path)
config

# %%
model = get_peft_model(model, config)
model.load_adapter(adapter_path, adapter_name="poems")
model.set_adapter("poems")
model.eval()

# %%
inputs = tokenizer("Shall I compare thee", return_tensors="pt")
with torch.no_grad():
    ids = model.generate(**inputs, max_new_tokens=64, do_sample=False)

# %%
print(tokenizer.decode(ids[0], skip_special_tokens=True))
