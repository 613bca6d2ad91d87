"""Compares adapter methods on one small classification task, in cells of a notebook."""

# %%
import peft
from datasets import load_dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer

BASE = "roberta-base"
tokenizer = AutoTokenizer.from_pretrained(BASE)
rows = load_dataset("glue", "rte")

# %%
configs = {
    "lora": peft.LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, lora_dropout=0.1),
    "loha": peft.LoHaConfig(
        task_type="SEQ_CLS",
        r=8,
        lora_alpha=16,  # expect: PEF303 error
        target_modules=["query", "value"],
        modules_to_save=["classifier"],
    ),
    "ia3": peft.IA3Config(
        task_type="SEQ_CLS",
        r=8,  # expect: PEF303 error
    ),
    "prompt": peft.PromptTuningConfig(
        task_type="SEQ_CLS",
        num_virtual_token=20,  # expect: PEF303 error
    ),
}

# %%
scores = {}
for name, config in configs.items():
    model = AutoModelForSequenceClassification.from_pretrained(BASE, num_labels=2)
    model = peft.get_peft_model(model, config)
    model.print_trainable_parameters()
    scores[name] = sum(p.numel() for p in model.parameters() if p.requires_grad)

# %%
print(scores)
