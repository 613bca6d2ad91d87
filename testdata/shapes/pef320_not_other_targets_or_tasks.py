"""Compares where an adapter is put: everywhere only where the head stays whole."""

from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

PLACES = {"attention": ["query", "value"], "all": "all-linear"}


def causal(base_id="meta-llama/Llama-3.2-1B"):
    model = AutoModelForCausalLM.from_pretrained(base_id)
    return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", target_modules="all-linear"))


def classifier(where, base_id="google-bert/bert-base-cased"):
    model = AutoModelForSequenceClassification.from_pretrained(base_id, num_labels=3)
    return get_peft_model(model, LoraConfig(task_type="SEQ_CLS", target_modules=PLACES[where]))


def tagger(where, base_id="google-bert/bert-base-cased"):
    model = AutoModelForTokenClassification.from_pretrained(base_id, num_labels=9)
    targets = PLACES[where]
    if targets == "all-linear":
        targets = [
            name
            for name, module in model.named_modules()
            if type(module).__name__ == "Linear" and not name.startswith("classifier")
        ]
    return get_peft_model(model, LoraConfig(task_type="TOKEN_CLS", target_modules=targets))


def first_that_works(model):
    for targets in ("all-linear", ["query", "key", "value", "dense"]):
        try:
            return get_peft_model(model, LoraConfig(task_type="TOKEN_CLS", target_modules=targets))
        except TypeError as error:
            print("not with", targets, error)
    raise RuntimeError("no targets work")


if __name__ == "__main__":
    causal().print_trainable_parameters()
    for place in PLACES:
        classifier(place).print_trainable_parameters()
        tagger(place).print_trainable_parameters()
    plain = AutoModelForTokenClassification.from_pretrained("bert-base-cased", num_labels=9)
    first_that_works(plain).print_trainable_parameters()
