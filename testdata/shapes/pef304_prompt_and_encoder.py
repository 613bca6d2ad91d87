"""Compares two ways of prompt learning on a list of templates, in a notebook."""

# %%
import torch
from peft import PromptEncoderConfig, PromptTuningConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "gpt2"
tokenizer = AutoTokenizer.from_pretrained(BASE)

# %%
configs = [
    PromptTuningConfig(
        task_type=TaskType.CAUSAL_LM,
        num_virtual_tokens=8,
        prompt_tuning_init="Text",  # expect: PEF304 error
        prompt_tuning_init_text="Is this tweet a complaint?",
        tokenizer_name_or_path=BASE,
    ),
    PromptEncoderConfig(
        task_type=TaskType.CAUSAL_LM,
        num_virtual_tokens=8,
        encoder_reparameterization_type="lstm",  # expect: PEF304 error
        encoder_hidden_size=128,
    ),
]

# %%
for config in configs:
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(BASE), config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-2)
    batch = tokenizer(["the parcel never came"], return_tensors="pt")
    for _ in range(10):
        loss = model(**batch, labels=batch["input_ids"]).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(type(config).__name__, float(loss))
