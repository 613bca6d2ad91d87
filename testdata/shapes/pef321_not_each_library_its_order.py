"""The same adapter on a PeftModel, on a plain model and by injection: each in its own order."""

import argparse

from peft import LoraConfig, PeftModel, get_peft_model, inject_adapter_in_model
from transformers import AutoModelForCausalLM

BASE = "gpt2"


def load():
    return AutoModelForCausalLM.from_pretrained(BASE)


def config(**changes):
    return LoraConfig(**{"r": 8, "target_modules": ["c_attn"], **changes})


def wrapped():
    model = get_peft_model(load(), config())
    model.add_adapter("second", config(r=4))
    return model


def native():
    model = load()
    model.add_adapter(config(), "first")
    model.add_adapter(config(r=4), adapter_name="second")
    return model


def injected():
    return inject_adapter_in_model(config(), load(), "first")


def below_the_wrapper():
    """The tuner has no such method of its own: this is the plain model's."""
    model = get_peft_model(load(), config())
    model.base_model.add_adapter(config(r=4), "second")
    return model


def loaded(path):
    return PeftModel.from_pretrained(load(), path)


def by_name(path):
    return PeftModel.from_pretrained(model_id=path, model=load())


def either(model):
    """Work with both libraries."""
    try:
        model.add_adapter(config(), "extra")
    except TypeError:
        model.add_adapter("extra", config())
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("how", choices=["wrapped", "native", "injected", "loaded"])
    parser.add_argument("--path", default="adapters/first")
    args = parser.parse_args()
    makers = {"wrapped": wrapped, "native": native, "injected": injected}
    model = loaded(args.path) if args.how == "loaded" else makers[args.how]()
    print(sum(parameter.numel() for parameter in either(model).parameters()))


if __name__ == "__main__":
    main()
