"""A named-entity tagger in cells; the targets are those of another encoder."""

# %%
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForTokenClassification, AutoTokenizer

checkpoint = "distilbert-base-uncased"
labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]

# %%
tokenizer = AutoTokenizer.from_pretrained(checkpoint)
rows = load_dataset("conll2003", split="train[:2000]")

# %%
model = AutoModelForTokenClassification.from_pretrained(checkpoint, num_labels=len(labels))
print(model)

# %%
targets = ["query", "value"]
peft_config = LoraConfig(
    task_type="TOKEN_CLS",
    r=16,
    lora_alpha=16,
    lora_dropout=0.1,
    target_modules=targets,  # expect: PEF306 error
)
model = get_peft_model(model, peft_config)
model.print_trainable_parameters()
