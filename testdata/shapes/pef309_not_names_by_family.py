"""Trains the embeddings of several families, each under its own name."""

import sys

from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

NAMES = {
    "gpt2": ["wte"],
    "llama": ["embed_tokens", "lm_head"],
    "gpt_neox": ["embed_in", "embed_out"],
}
FOR_ALL = ["embed_tokens", "wte", "embed_in", "word_embeddings", "lm_head"]


def wrap(base):
    model = AutoModelForCausalLM.from_pretrained(base)
    names = NAMES.get(model.config.model_type, FOR_ALL)
    return get_peft_model(model, LoraConfig(target_modules="all-linear", modules_to_save=names))


def wrap_gpt2():
    model = AutoModelForCausalLM.from_pretrained("gpt2")
    return get_peft_model(model, LoraConfig(target_modules=["c_attn"], modules_to_save=FOR_ALL))


def wrap_embeddings(base="EleutherAI/pythia-70m"):
    model = AutoModelForCausalLM.from_pretrained(base)
    embedding = model.get_input_embeddings()
    names = [name for name, module in model.named_modules() if module is embedding]
    return get_peft_model(model, LoraConfig(modules_to_save=names))


def classifier(base="google-bert/bert-base-cased"):
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=2)
    config = LoraConfig(task_type="SEQ_CLS", modules_to_save=["classifier", "score"])
    return get_peft_model(model, config)


def classifier_whose_head_is_no_target(base="google-bert/bert-base-cased"):
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=2)
    config = LoraConfig(task_type="SEQ_CLS", target_modules=["query", "value", "classifier"])
    return get_peft_model(model, config)


if __name__ == "__main__":
    wrap(sys.argv[1] if len(sys.argv) > 1 else "gpt2").print_trainable_parameters()
    wrap("meta-llama/Llama-3.2-1B")
    wrap_gpt2().print_trainable_parameters()
    wrap_embeddings().print_trainable_parameters()
    classifier().print_trainable_parameters()
    classifier_whose_head_is_no_target().print_trainable_parameters()
