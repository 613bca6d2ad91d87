"""Lists the layers of both versions of T5, of which a checkpoint has one or the other."""

from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSeq2SeqLM, Blip2ForConditionalGeneration

FEED_FORWARD = ["wi", "wi_0", "wi_1", "wo"]


def summariser(checkpoint="google/flan-t5-base"):
    model = AutoModelForSeq2SeqLM.from_pretrained(checkpoint)
    config = LoraConfig(
        task_type="SEQ_2_SEQ_LM",
        target_modules=["q", "k", "v", "o", "wi", "wi_0", "wi_1", "wo"],
    )
    return get_peft_model(model, config)


def captioner(text_model):
    model = Blip2ForConditionalGeneration.from_pretrained(f"Salesforce/blip2-{text_model}")
    names = ["q", "v"] if "t5" in text_model else ["q_proj", "v_proj"]
    return get_peft_model(model, LoraConfig(target_modules=[*names, "language_projection"]))


if __name__ == "__main__":
    summariser().print_trainable_parameters()
    summariser("t5-small").print_trainable_parameters()
    captioner("opt-2.7b").print_trainable_parameters()
