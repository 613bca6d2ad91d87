"""Exports merged models whose embeddings are trained as a whole, or are two weights."""

from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj"]


def train(model, rows, folder):
    trainer = Trainer(model=model, args=TrainingArguments(folder), train_dataset=rows)
    trainer.train()
    return trainer.model


def with_saved_embedding(rows):
    model = AutoModelForCausalLM.from_pretrained("meta-llama/Llama-3.2-1B")
    config = LoraConfig(target_modules=LINEAR, modules_to_save=["embed_tokens", "lm_head"])
    model = train(get_peft_model(model, config), rows, "saved")
    model.merge_and_unload().save_pretrained("saved/merged")


def with_two_weights(rows):
    model = AutoModelForCausalLM.from_pretrained("meta-llama/Llama-3.1-8B")
    model = get_peft_model(model, LoraConfig(target_modules=[*LINEAR, "lm_head"]))
    model = train(model, rows, "two")
    model.merge_and_unload().save_pretrained("two/merged")


def untied_first(rows):
    model = AutoModelForCausalLM.from_pretrained("Qwen/Qwen2.5-0.5B", tie_word_embeddings=False)
    model = get_peft_model(model, LoraConfig(target_modules=[*LINEAR, "lm_head"]))
    model = train(model, rows, "untied")
    model.merge_and_unload().save_pretrained("untied/merged")


def with_new_tokens(rows, ids):
    model = AutoModelForCausalLM.from_pretrained("Qwen/Qwen2.5-0.5B")
    config = LoraConfig(target_modules=LINEAR, trainable_token_indices={"embed_tokens": ids})
    model = train(get_peft_model(model, config), rows, "tokens")
    model.merge_and_unload().save_pretrained("tokens/merged")


if __name__ == "__main__":
    texts = [{"input_ids": [1, 2, 3], "labels": [1, 2, 3]}]
    with_saved_embedding(texts)
    with_two_weights(texts)
    untied_first(texts)
    with_new_tokens(texts, [5, 6])
