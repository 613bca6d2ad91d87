"""Look-alike: the task type adds every new module by itself.

The false alarm would be PEF301: DistilBERT's pre_classifier is matched by its suffix, Llama's
head is called score, BERT brings its pooler along, and the other tasks have names of their own.
"""

from datasets import load_from_disk
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    Trainer,
    TrainingArguments,
)


def distilbert():
    model = AutoModelForSequenceClassification.from_pretrained(
        "distilbert/distilbert-base-uncased", num_labels=2
    )
    config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, target_modules=["q_lin", "v_lin"])
    return get_peft_model(model, config)


def llama():
    model = AutoModelForSequenceClassification.from_pretrained(
        "meta-llama/Llama-2-7b-hf", num_labels=2, pad_token_id=0
    )
    return get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=8, lora_dropout=0.05))


def bert():
    model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=2)
    return get_peft_model(model, LoraConfig(task_type=TaskType.SEQ_CLS))


def tagger():
    model = AutoModelForTokenClassification.from_pretrained("roberta-base", num_labels=9)
    return get_peft_model(model, LoraConfig(task_type=TaskType.TOKEN_CLS, r=16))


def reader():
    model = AutoModelForQuestionAnswering.from_pretrained("google-bert/bert-base-cased")
    return get_peft_model(model, LoraConfig(task_type=TaskType.QUESTION_ANS, r=16))


def main():
    builders = {"distilbert": distilbert, "llama": llama, "bert": bert}
    builders.update(tagger=tagger, reader=reader)
    for name, build in builders.items():
        model = build()
        trainer = Trainer(
            model=model,
            args=TrainingArguments(output_dir=f"runs/{name}", num_train_epochs=1),
            train_dataset=load_from_disk(f"data/{name}"),
        )
        trainer.train()
        model.save_pretrained(f"runs/{name}/adapter")


if __name__ == "__main__":
    main()
