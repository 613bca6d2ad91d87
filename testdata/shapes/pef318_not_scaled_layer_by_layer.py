"""Only some layers get a scale: the others start at zero on purpose, or learn in another way."""

from peft import AdaLoraConfig, LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

BASE = "meta-llama/Llama-3.2-1B"
SCALES = {"q_proj": 16, "v_proj": 32}


def layerwise():
    config = LoraConfig(
        r=8,
        lora_alpha=0,
        alpha_pattern=SCALES,
        target_modules=["q_proj", "k_proj", "v_proj"],
        task_type="CAUSAL_LM",
    )
    return get_peft_model(AutoModelForCausalLM.from_pretrained(BASE), config)


def magnitudes():
    config = LoraConfig(r=8, lora_alpha=0, use_dora=True, task_type="CAUSAL_LM")
    return get_peft_model(AutoModelForCausalLM.from_pretrained(BASE), config)


def adaptive(steps):
    config = AdaLoraConfig(
        init_r=12, target_r=4, lora_alpha=0, total_step=steps, task_type="CAUSAL_LM"
    )
    return get_peft_model(AutoModelForCausalLM.from_pretrained(BASE), config)


if __name__ == "__main__":
    for model in (layerwise(), magnitudes(), adaptive(1000)):
        model.print_trainable_parameters()
