"""PEF503: what a wrapped base saves cannot be loaded again: its adapted layers are random."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

IMPORTS = """
from peft import LoraConfig, PeftModel, PrefixTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
"""
LOADED = IMPORTS + 'model = PeftModel.from_pretrained(base, "my-adapter")\n'


def proof(example, use_instead):
    """Two loads of what the example saves differ; the fixed text saves the trained model."""
    between, _ = run(example, distances).value()
    assert between > 0.01
    assert run(use_instead, distances).value() == [0, 0]


@pytest.mark.parametrize(
    "code",
    [
        "base.save_pretrained('saved')",
        "model.base_model.save_pretrained('saved')",
        "model.get_base_model().save_pretrained('saved')",
        "model.base_model.model.save_pretrained('saved')",
        "model.merge_adapter(); model.base_model.save_pretrained('saved')",
    ],
)
def test_every_way_to_the_base_saves_what_reloads_at_random(code):
    outcome = run(LOADED + code, distances)
    assert outcome.value()[0] > 0.01
    assert "base_layer" in " ".join(run(LOADED + code, tensors).value())


@pytest.mark.parametrize(
    "code",
    [
        "model.save_pretrained('saved')",
        "model.merge_and_unload().save_pretrained('saved')",
        "model.merge_and_unload(); base.save_pretrained('saved')",
    ],
)
def test_these_save_the_trained_model(code):
    between, from_trained = run(LOADED + code, distances).value()
    assert between == 0
    assert from_trained < 1e-4


def test_a_trainer_that_wraps_leaves_a_base_that_saves_the_same():
    code = """
import datasets
from trl import SFTConfig, SFTTrainer
rows = datasets.Dataset.from_dict({"input_ids": [[1, 5, 9]] * 4, "labels": [[1, 5, 9]] * 4})
args = SFTConfig("out", max_steps=1, report_to=[], use_cpu=True, save_strategy="no")
trainer = SFTTrainer(base, args, train_dataset=rows, peft_config=LoraConfig(r=8))
model = trainer.model
base.save_pretrained("saved")
"""
    assert run(IMPORTS + code, distances).value()[0] > 0.01


@pytest.mark.parametrize(
    "code",
    [
        'model = get_peft_model(base, PrefixTuningConfig(task_type="CAUSAL_LM", '
        "num_virtual_tokens=4)); model.get_base_model().save_pretrained('saved')",
        "PeftModel.from_pretrained(base, 'my-adapter').unload(); model = base\n"
        "base.save_pretrained('saved')",
        "base.load_adapter('my-adapter'); model = base; base.save_pretrained('saved')",
    ],
)
def test_look_alikes_save_what_can_be_loaded(code):
    assert run(IMPORTS + code, distances).value()[0] == 0


def distances(names):
    """Return how far two loads are apart, and how far the second is from the model."""
    import torch
    from transformers import AutoModelForCausalLM

    outputs = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        outputs.append(logits(AutoModelForCausalLM.from_pretrained("saved")))
    return [difference(*outputs), difference(outputs[1], logits(names["model"].eval()))]


def tensors(names):
    from safetensors import safe_open

    with safe_open("saved/model.safetensors", "pt") as saved:
        return list(saved.keys())
