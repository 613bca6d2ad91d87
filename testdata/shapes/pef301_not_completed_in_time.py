"""Every way in which people complete a config."""
import dataclasses

from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification, Trainer

NAME = "bert-base-uncased"
HEADS = {"bert": ["classifier"], "deberta": ["pooler", "classifier"]}


def load():
    return AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=3)


def by_attribute():
    config = LoraConfig(r=8)
    config.modules_to_save = ["classifier"]
    return get_peft_model(load(), config)


def by_append():
    config = LoraConfig(r=8, modules_to_save=[])
    config.modules_to_save.append("classifier")
    return get_peft_model(load(), config)


def by_replace():
    config = dataclasses.replace(LoraConfig(r=8), task_type=TaskType.SEQ_CLS)
    return get_peft_model(load(), config)


def by_table():
    model = load()
    config = LoraConfig(r=8, modules_to_save=HEADS[model.config.model_type])
    return get_peft_model(model, config)


def by_list():
    extra = []
    extra += ["classifier"]
    return get_peft_model(load(), LoraConfig(r=8, modules_to_save=extra))


def by_dict():
    options = dict(r=8, lora_alpha=16)
    options["task_type"] = "SEQ_CLS"
    return get_peft_model(load(), LoraConfig(**options))


def by_condition(train_head=True):
    config = LoraConfig(r=8, modules_to_save=["classifier"] if train_head else None)
    return get_peft_model(load(), config)


def by_named_modules():
    model = load()
    heads = [name for name, _ in model.named_children() if name != model.base_model_prefix]
    return get_peft_model(model, LoraConfig(r=8, modules_to_save=heads))


def unfrozen():
    model = get_peft_model(load(), LoraConfig(r=8, target_modules=["query"]))
    model.base_model.model.classifier.requires_grad_(True)
    return model


def unfrozen_weight():
    model = get_peft_model(load(), LoraConfig(r=8, target_modules=["query"]))
    for parameter in model.base_model.model.classifier.parameters():
        parameter.requires_grad = True
    return model


for make in (by_attribute, by_append, by_replace, by_table, by_list, by_dict, by_condition, by_named_modules, unfrozen, unfrozen_weight):
    Trainer(model=make(), train_dataset=[]).train()
