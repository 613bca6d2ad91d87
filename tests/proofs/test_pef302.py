"""PEF302: which task types a model's class does not go with, and which it does."""

import pytest

from peft_lint.knowledge.tables import table
from peft_lint.rules import abilities
from tests.proofs.harness import run

TYPES = ("CAUSAL_LM", "SEQ_2_SEQ_LM", "SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION")
IMPORTS = """
import torch
from peft import LoraConfig, get_peft_model
from transformers import *
ids = torch.tensor([[1, 5, 9], [1, 7, 9]])
TARGETS = ["q_proj"]
"""
WHISPER = """
config = WhisperConfig(
    vocab_size=99, num_mel_bins=8, encoder_layers=1, decoder_layers=1, d_model=16,
    encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
    max_source_positions=8, max_target_positions=16, classifier_proj_size=8, pad_token_id=0,
    bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
)
sound = torch.randn(2, 8, 16)
"""
CLIP = """
size = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
text = dict(**size, vocab_size=99, projection_dim=16, max_position_embeddings=16)
vision = dict(**size, image_size=8, patch_size=4, projection_dim=16)
config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
image = torch.randn(2, 3, 8, 8)
"""
# How each model is made and called.
REFUSING = {
    "whisper": (
        WHISPER,
        "WhisperForConditionalGeneration(config)",
        "input_features=sound, labels=ids",
    ),
    "clip": (CLIP, "CLIPModel(config)", "input_ids=ids, pixel_values=image"),
    "clip_vision_model": (
        CLIP,
        "CLIPVisionModel(CLIPVisionConfig(**vision))",
        "pixel_values=image",
    ),
    "clip_text_model": (CLIP, "CLIPTextModel(CLIPTextConfig(**text))", "input_ids=ids"),
}
TAKING = {
    "WhisperForAudioClassification(config)": "input_features=sound, labels=torch.tensor([0, 1])",
    "WhisperForCausalLM(config)": "input_ids=ids, labels=ids",
}
ROWS = '[{"input_ids": [1, 5, 9], "labels": 1}] * 4'
TRAINING = f"""
args = TrainingArguments("out", max_steps=1, report_to=[], use_cpu=True, save_strategy="no")
Trainer(model, args, train_dataset={ROWS}).train()
"""


def proof(example, use_instead):
    """No PeftModel comes of the example; the fixed text trains the adapter and the head."""
    error = "has no attribute 'prepare_inputs_for_generation'"
    assert error in run(example).exception
    assert run(use_instead, trained).value() == ["classifier", "lora_A", "lora_B"]


def trained(names):
    wanted = ("lora_A", "lora_B", "classifier")
    on = [name for name, p in names["model"].named_parameters() if p.requires_grad]
    return sorted({part for name in on for part in name.split(".") if part in wanted})


def outcomes(prepared, model, call):
    """Return what each task type, and none, comes to: "" or the exception's name."""
    code = f"""{IMPORTS}{prepared}
types, found = {(*TYPES, "")!r}, {{}}
for task in types:
    try:
        model = get_peft_model({model}, LoraConfig(task_type=task or None, target_modules=TARGETS))
        {call}
        found[task] = ""
    except (AttributeError, TypeError) as error:
        found[task] = type(error).__name__
"""
    return run(code, names_found).value()


def names_found(names):
    return names["found"]


@pytest.mark.parametrize("family", REFUSING)
def test_no_type_works_with_these(family):
    prepared, model, inputs = REFUSING[family]
    found = outcomes(prepared, model, f"model({inputs})")
    assert not found.pop("")
    assert all(found.values())


@pytest.mark.parametrize("model", TAKING)
def test_other_classes_of_whisper_take_a_head_s_type(model):
    found = outcomes(WHISPER, model, f"model({TAKING[model]}).loss.backward()")
    assert not found["SEQ_CLS"] and not found["FEATURE_EXTRACTION"]


def test_whisper_works_where_the_wrapper_s_forward_is_not_called():
    prepared, model, inputs = REFUSING["whisper"]
    call = f"model.base_model.model({inputs}); model.generate(input_features=sound)"
    assert not any(outcomes(prepared, model, call).values())


@pytest.mark.parametrize(
    ("auto", "base"),
    [("AutoModelForCausalLM", "base-model"), ("AutoModelForSeq2SeqLM", "t5-small")],
)
def test_models_that_generate_take_any_type(auto, base):
    call = "model(input_ids=ids, labels=ids).loss.backward()"
    found = outcomes("TARGETS = None", f'{auto}.from_pretrained("{base}")', call)
    assert not any(found.values())


def test_a_trainer_gets_no_loss_from_a_model_without_a_head():
    wrap = "model = get_peft_model(model, LoraConfig(task_type='SEQ_CLS'))\n"
    plain = "model = AutoModel.from_pretrained('bert-base-uncased')\n" + wrap + TRAINING
    assert "did not return a loss" in run(IMPORTS + plain).exception
    with_head = plain.replace("AutoModel.", "AutoModelForSequenceClassification.")
    assert not run(IMPORTS + with_head).exception


def test_the_classes_that_are_said_not_to_generate_cannot():
    code = "import transformers as t\nfound = {}\n"
    rows = {
        name: row
        for name, row in table("classes")["models"].items()
        if row[1] in abilities._CLASSIFIERS
        or (row[1] in (None, "MaskedLM") and row[0] not in abilities._FULL_MODELS)
    }
    for name in rows:
        code += f"try: found[{name!r}] = hasattr(t.{name}, 'prepare_inputs_for_generation')\n"
        code += "except (AttributeError, ImportError): pass\n"
    found = run(code, names_found, timeout=300).value()
    assert len(found) > 900
    assert [name for name, can in found.items() if can] == []


def test_neither_can_what_the_auto_classes_take():
    code = """
import transformers as t
from transformers.models.auto import modeling_auto as auto
found = {}
for name in ("MODEL", "MODEL_FOR_MASKED_LM"):
    for family, classes in getattr(auto, f"{name}_MAPPING_NAMES").items():
        for one in classes if isinstance(classes, tuple) else (classes,):
            try: found[family] = hasattr(getattr(t, one), "prepare_inputs_for_generation")
            except (AttributeError, ImportError): pass
"""
    found = run(code, names_found, timeout=300).value()
    assert len(found) > 500
    generating = {family for family, can in found.items() if can}
    assert generating <= abilities._FULL_MODELS
