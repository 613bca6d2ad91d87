"""A tagger and a chat model in cells, with the heads named in two wrong ways."""

# %%
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification, AutoTokenizer

labels = ["O", "B-PER", "I-PER"]
tokenizer = AutoTokenizer.from_pretrained("google-bert/bert-base-cased")

# %%
model = AutoModelForTokenClassification.from_pretrained(
    "google-bert/bert-base-cased", num_labels=len(labels)
)
targets = ["query", "value", "classifier"]
config = LoraConfig(
    task_type="TOKEN_CLS",
    r=16,
    lora_dropout=0.1,
    target_modules=targets,  # expect: PEF309 error
)
model = get_peft_model(model, config)
model.print_trainable_parameters()

# %%
chat_config = LoraConfig(
    task_type="CAUSAL_LM",
    target_modules="all-linear",
    modules_to_save=["model.embed_tokens.weight", "lm_head.weight"],  # expect: PEF309 error
)

# %%
model = AutoModelForCausalLM.from_pretrained("meta-llama/Llama-3.2-1B")
model = get_peft_model(model, chat_config)
model.print_trainable_parameters()
