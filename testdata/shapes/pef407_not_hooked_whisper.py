"""Whisper in 8 bits with reentrant checkpoints, and a hook that gives its input gradients."""

from datasets import load_from_disk
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import (
    BitsAndBytesConfig,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    WhisperForConditionalGeneration,
)


def make_inputs_require_grad(module, inputs, output):
    output.requires_grad_(True)


def build(name, in_8_bits):
    quantisation = BitsAndBytesConfig(load_in_8bit=True) if in_8_bits else None
    model = WhisperForConditionalGeneration.from_pretrained(
        name, quantization_config=quantisation, device_map="auto"
    )
    if in_8_bits:
        model = prepare_model_for_kbit_training(model)
    model.model.encoder.conv1.register_forward_hook(make_inputs_require_grad)
    return get_peft_model(model, LoraConfig(r=32, lora_alpha=64, target_modules=["q_proj", "v_proj"]))


def main(name="openai/whisper-large-v2"):
    args = Seq2SeqTrainingArguments(
        output_dir="runs/whisper-8bit",
        gradient_checkpointing=True,
        gradient_checkpointing_kwargs={"use_reentrant": True},
        fp16=True,
        remove_unused_columns=False,
        label_names=["labels"],
    )
    trainer = Seq2SeqTrainer(
        args=args, model=build(name, in_8_bits=True), train_dataset=load_from_disk("speech")
    )
    trainer.train()
    trainer.model.save_pretrained("runs/whisper-8bit/adapter")


if __name__ == "__main__":
    main()
