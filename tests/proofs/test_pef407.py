"""PEF407: reentrant checkpoints of layers whose input has no gradients give LoRA none."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.training import changed, watch

FAMILIES = {
    "vit": ("ViTConfig", "image_size=8, patch_size=4", "image(8)"),
    "beit": ("BeitConfig", "image_size=8, patch_size=4", "image(8)"),
    "dinov2": ("Dinov2Config", "image_size=8, patch_size=4", "image(8)"),
    "vit_msn": ("ViTMSNConfig", "image_size=8, patch_size=4", "image(8)"),
    "siglip": (
        "SiglipConfig",
        "vision_config=dict(image_size=8, patch_size=4, **size)",
        "image(8)",
    ),
    "clip": ("CLIPConfig", "vision_config=dict(image_size=8, patch_size=4, **size)", "image(8)"),
    "swin": ("SwinConfig", "image_size=32, patch_size=4, **stages", "image(32)"),
    "swinv2": ("Swinv2Config", "image_size=32, patch_size=4, **stages", "image(32)"),
    "segformer": ("SegformerConfig", "num_encoder_blocks=2, **pyramid", "image(32)"),
    "audio-spectrogram-transformer": ("ASTConfig", "max_length=16, **sound", "spectrogram"),
    "whisper": ("WhisperConfig", "num_mel_bins=8, **speech", "recording"),
}
SCRIPT = """
import torch
import transformers
from peft import LoraConfig, get_peft_model
size = dict(
    hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
)
stages = dict(embed_dim=16, depths=[1, 1], num_heads=[2, 2], window_size=4)
pyramid = dict(
    depths=[1, 1], sr_ratios=[1, 1], hidden_sizes=[16, 16], num_attention_heads=[1, 1],
    patch_sizes=[7, 3], strides=[4, 2], mlp_ratios=[2, 2], decoder_hidden_size=16,
)
sound = dict(patch_size=4, num_mel_bins=8, frequency_stride=4, time_stride=4)
speech = dict(
    vocab_size=50, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
    decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_source_positions=20,
    max_target_positions=20, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    decoder_start_token_id=1,
)
labels = torch.tensor([0, 1])
def image(side):
    return dict(pixel_values=torch.randn(2, 3, side, side), labels=labels)
spectrogram = dict(input_values=torch.randn(2, 16, 8), labels=labels)
recording = dict(input_features=torch.randn(2, 8, 40), labels=torch.tensor([[5, 6, 7]] * 2))
"""
BACKWARD = """
model = get_peft_model(base, LoraConfig(
    r=2, target_modules=["query", "value", "q_proj", "v_proj"], modules_to_save=HEAD
))
model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": REENTRANT})
model.train()
model(**batch).loss.backward()
"""


def proof(example, use_instead):
    """The example trains the head alone, the fixed text LoRA as well."""
    for text, expected in ((example, 0), (use_instead, 8)):
        # The harness watches the model from the moment that the trainer has it.
        code = text.replace("trainer.train()", "watch(model)\ntrainer.train()")
        assert run(code, prepare=watch, measure=both).value() == [expected, 2]


def made(family, head, reentrant):
    config, fields, batch = FAMILIES[family]
    more = "" if family in ("whisper", "siglip", "clip") or "**" in fields else ", **size"
    if family == "audio-spectrogram-transformer":
        more = ", **size"
    built = f"transformers.{config}({fields}{more})"
    auto = "AutoModelForImageClassification.from_config"
    if family == "whisper":
        auto = "WhisperForConditionalGeneration"
    elif family == "audio-spectrogram-transformer":
        auto = "ASTForAudioClassification"
    code = f"base = transformers.{auto}({built})\nbatch = {batch}\n"
    backward = BACKWARD.replace("HEAD", repr(head)).replace("REENTRANT", str(reentrant))
    return SCRIPT + code + backward


@pytest.mark.parametrize("family", FAMILIES)
def test_no_layer_gets_gradients(family):
    head = ["proj_out" if family == "whisper" else "classifier"]
    assert run(made(family, head, True), with_gradients).value() == 0
    assert run(made(family, None, True)).exception.startswith("RuntimeError: element 0 of tensors")
    assert run(made(family, head, False), with_gradients).value() == 1


@pytest.mark.parametrize(
    ("base", "batch"),
    [
        (
            'AutoModelForAudioClassification.from_pretrained("facebook/wav2vec2-base")',
            "dict(input_values=torch.randn(2, 400), labels=labels)",
        ),
        (
            'AutoModelForCausalLM.from_pretrained("base-model")',
            "dict(input_ids=torch.tensor([[5, 6, 7]]), labels=torch.tensor([[5, 6, 7]]))",
        ),
    ],
)
def test_other_models_get_theirs_either_way(base, batch):
    code = f"{SCRIPT}base = transformers.{base}\nbatch = {batch}\n"
    code += BACKWARD.replace("HEAD", "None").replace("REENTRANT", "True")
    assert run(code, with_gradients).value() == 1


def both(names):
    """Return how many tensors of LoRA and of the head changed."""
    return changed(names), changed(names, "modules_to_save")


def with_gradients(names):
    """Return the share of LoRA's tensors that have gradients."""
    found = [tensor for name, tensor in names["model"].named_parameters() if "lora_" in name]
    return sum(tensor.grad is not None for tensor in found) / len(found)


OF_TEXT = """
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments
rows = Dataset.from_dict({"input_ids": [[11, 42, 7]] * 4, "labels": [[11, 42, 7]] * 4})
base = AutoModelForCausalLM.from_pretrained("base-model")
model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", modules_to_save=SAVED))
watch(model)
args = TrainingArguments(
    "out", max_steps=2, learning_rate=0.1, gradient_checkpointing=True, report_to=[], use_cpu=True,
)
Trainer(model, args, train_dataset=rows).train()
"""


@pytest.mark.stack
def test_before_transformers_5_models_of_text_were_concerned():
    code = OF_TEXT.replace("SAVED", "None")
    assert run(code, changed, prepare=watch).value() == 8
    outcome = run(code, changed, prepare=watch, stack="trl-0.19")
    assert outcome.exception.startswith("RuntimeError: element 0 of tensors does not require grad")
    code = OF_TEXT.replace("SAVED", "['lm_head']")
    assert run(code, changed, prepare=watch).value() == 8
    assert run(code, changed, prepare=watch, stack="trl-0.19").value() == 0
