"""GPT-2 on lyrics in cells, with an own loop, merged before it is asked."""

# %%
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

checkpoint = "openai-community/gpt2-medium"
device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(checkpoint)

# %%
model = AutoModelForCausalLM.from_pretrained(checkpoint)
targets = ["c_attn", "c_proj", "wte"]
model = get_peft_model(model, LoraConfig(r=8, target_modules=targets))  # expect: PEF315 warning
model.to(device)

# %%
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=3e-4)
lines = [line for line in open("lyrics.txt").read().split("\n") if line]
model.train()
for line in lines:
    batch = tokenizer(line, return_tensors="pt").to(device)
    loss = model(**batch, labels=batch["input_ids"]).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

# %%
torch.manual_seed(1)
model = model.merge_and_unload().eval()
prompt = tokenizer("Love is", return_tensors="pt").to(device)
print(tokenizer.decode(model.generate(**prompt, max_new_tokens=20, do_sample=True)[0]))
