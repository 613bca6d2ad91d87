"""A classifier with one slip of the pen in its list of targets, on a class."""

from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer


class Classifier:
    checkpoint = "google-bert/bert-base-uncased"

    def __init__(self, labels):
        self.tokenizer = AutoTokenizer.from_pretrained(self.checkpoint)
        self.model = AutoModelForSequenceClassification.from_pretrained(
            "google-bert/bert-base-uncased", num_labels=len(labels)
        )
        self.labels = labels

    def adapt(self, rank=8):
        config = LoraConfig(
            task_type=TaskType.SEQ_CLS,
            r=rank,
            lora_alpha=16,
            target_modules=["query", "vlaue", "key"],  # expect: PEF307 warning
        )
        self.model = get_peft_model(self.model, config)
        return self

    def predict(self, text):
        self.model.eval()
        batch = self.tokenizer(text, return_tensors="pt")
        return self.labels[int(self.model(**batch).logits.argmax())]


if __name__ == "__main__":
    print(Classifier(["bad", "good"]).adapt().predict("a fine film"))
