"""Builds the adapter from the settings of the project, which has words of its own."""

from dataclasses import asdict, dataclass, field, fields

from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


@dataclass
class AdapterSettings:
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    targets: list = field(default_factory=lambda: ["q_proj", "v_proj"])
    extra: dict = field(default_factory=dict)

    def to_peft(self):
        return LoraConfig(
            task_type="CAUSAL_LM",
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=self.targets,
            **self.extra,
        )


@dataclass
class LoraSettings:
    lora_rank: int = 8
    lora_alpha: int = 16
    unused: str = ""


def known_only(settings):
    names = {one.name for one in fields(LoraConfig)}
    given = asdict(settings)
    given["r"] = given.pop("lora_rank")
    return LoraConfig(**{name: value for name, value in given.items() if name in names})


def build(base_id, settings):
    model = AutoModelForCausalLM.from_pretrained(base_id)
    model = get_peft_model(model, settings.to_peft())
    model.add_adapter("second", known_only(LoraSettings(lora_rank=4)))
    return model


if __name__ == "__main__":
    settings = AdapterSettings(rank=8, alpha=16, dropout=0.1, targets=["q_proj"])
    build("meta-llama/Llama-3.2-1B", settings).print_trainable_parameters()
