"""The list of modules grows before the config is made, and the config is edited afterwards."""

from dataclasses import dataclass, field

from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification


@dataclass
class Settings:
    checkpoint: str = "roberta-base"
    labels: int = 3
    heads: list[str] = field(default_factory=lambda: ["classifier"])
    embeddings: bool = False


def config_for(settings):
    heads = list(settings.heads)
    if settings.embeddings:
        heads.append("word_embeddings")
    return LoraConfig(
        task_type="SEQ_CLS", target_modules=["query", "value"], modules_to_save=heads
    )


class Classifier:
    def __init__(self, settings):
        base = AutoModelForSequenceClassification.from_pretrained(
            settings.checkpoint, num_labels=settings.labels
        )
        config = config_for(settings)
        if isinstance(config.modules_to_save, str):
            config.modules_to_save = [config.modules_to_save]
        self.model = get_peft_model(base, config)

    def save(self, folder):
        self.model.save_pretrained(folder)


if __name__ == "__main__":
    Classifier(Settings()).save("runs/untrained")
