"""The same task with AdapterHub's library and with PEFT, side by side."""

import adapters
from adapters import AdapterTrainer, AutoAdapterModel
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments

NAME = "bert-base-uncased"


def with_hub(rows):
    model = AutoAdapterModel.from_pretrained(NAME)
    model.add_adapter("topic", config="seq_bn")
    model.add_classification_head("topic", num_labels=4)
    model.train_adapter("topic")
    args = TrainingArguments("out/hub", report_to=[])
    AdapterTrainer(model=model, args=args, train_dataset=rows).train()
    model.save_adapter("out/hub", "topic")
    return model


def with_init(rows):
    model = AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=4)
    adapters.init(model)
    model.add_adapter("topic", config="lora")
    model.set_active_adapters("topic")
    model.train_adapter("topic")
    args = TrainingArguments("out/init", report_to=[])
    AdapterTrainer(model=model, args=args, train_dataset=rows).train()
    return model


def with_peft(rows):
    base = AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=4)
    model = get_peft_model(base, LoraConfig(task_type=TaskType.SEQ_CLS))
    args = TrainingArguments("out/peft", report_to=[])
    Trainer(model=model, args=args, train_dataset=rows).train()
    model.save_pretrained("out/peft")
    return model


if __name__ == "__main__":
    from datasets import load_dataset

    data = load_dataset("ag_news", split="train[:1000]")
    for run in (with_hub, with_init, with_peft):
        run(data)
