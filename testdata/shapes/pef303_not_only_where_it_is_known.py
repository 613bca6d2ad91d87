"""Uses what the installed release of PEFT has, and goes without where it has not."""

import inspect

import peft
from packaging.version import Version
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

HAS_DORA = "use_dora" in inspect.signature(LoraConfig).parameters


def plain(rank):
    return LoraConfig(task_type="CAUSAL_LM", r=rank, lora_alpha=2 * rank)


def with_experts(rank):
    if Version(peft.__version__) < Version("0.17"):
        return plain(rank)
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=rank,
        lora_alpha=2 * rank,
        target_modules=[],
        target_parameters=["experts.gate_up_proj", "experts.down_proj"],
    )


def with_dora(rank):
    try:
        return LoraConfig(task_type="CAUSAL_LM", r=rank, use_dora=True, use_a_later_field=True)
    except TypeError:
        return LoraConfig(task_type="CAUSAL_LM", r=rank, use_dora=HAS_DORA)


def main():
    model = AutoModelForCausalLM.from_pretrained("mistralai/Mixtral-8x7B-v0.1")
    config = with_dora(8) if HAS_DORA else with_experts(8)
    model = get_peft_model(model, config)
    model.print_trainable_parameters()


if __name__ == "__main__":
    main()
