"""Prompt tuning that is meant to start from an instruction, in notebook style."""

# %%
import torch
from peft import PromptTuningConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, default_data_collator

model_name = "bigscience/bloomz-560m"
text_column, label_column = "Tweet text", "text_label"
tokenizer = AutoTokenizer.from_pretrained(model_name)

# %%
peft_config = PromptTuningConfig(
    task_type=TaskType.CAUSAL_LM,
    num_virtual_tokens=8,
    prompt_tuning_init_text="Classify if the tweet is a complaint or not:",  # expect: PEF312 warning
    tokenizer_name_or_path=model_name,
)

# %%
model = AutoModelForCausalLM.from_pretrained(model_name)
model = get_peft_model(model, peft_config)
model.print_trainable_parameters()


# %%
def encode(row):
    text = f"{text_column} : {row[text_column]} Label : {row[label_column]}"
    ids = tokenizer(text, padding="max_length", max_length=64, truncation=True)
    return {**ids, "labels": ids["input_ids"]}


rows = [encode({text_column: "no signal again", label_column: "complaint"})] * 32
loader = DataLoader(rows, batch_size=8, shuffle=True, collate_fn=default_data_collator)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-2)

# %%
model.train()
for epoch in range(5):
    for batch in loader:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

# %%
model.save_pretrained("prompts")
