"""PEF316: an adapter does not have the statistics of batch norms, which training changes."""

from functools import partial

import pytest

from tests.proofs.harness import run

CODE = """
import torch
import transformers
from peft import LoraConfig, get_peft_model
torch.manual_seed(0)
base = transformers.{model}(transformers.{config})
base.save_pretrained("base")
model = transformers.{model}.from_pretrained("base")
arguments = dict(target_modules={targets}, modules_to_save={saved})
model = get_peft_model(model, LoraConfig(**arguments))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
model.{mode}()
for _ in range(3):
    model(**batch()).loss.backward()
    optimizer.step()
    optimizer.zero_grad()
model.save_pretrained("adapter")
"""
RESNET = "ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type='basic')"
REGNET = "RegNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], groups_width=8)"
MODELS = {
    "resnet": ("ResNetForImageClassification", RESNET, ["convolution"], "normalization"),
    "regnet": ("RegNetForImageClassification", REGNET, ["convolution"], "normalization"),
}
SAME = 1e-5


def proof(example, use_instead):
    """The adapter on its base gives other logits than the trained model; then the same."""
    load = "microsoft/resnet-18"
    assert load in example and load in use_instead
    measure = partial(difference, "AutoModelForImageClassification", load)
    assert run(example, measure).value() > 0.01
    assert run(use_instead, measure).value() < SAME


def difference(auto, base, names):
    """Return how far the logits of the trained model are from those of what was saved."""
    import torch
    import transformers
    from peft import PeftModel

    pixels = batch()["pixel_values"]
    loaded = getattr(transformers, auto).from_pretrained(base)
    loaded = PeftModel.from_pretrained(loaded, "adapter")
    with torch.no_grad():
        trained = names["model"].eval()(pixel_values=pixels).logits
        return float((trained - loaded.eval()(pixel_values=pixels).logits).abs().max())


def batch():
    import torch

    return {"pixel_values": 3 * torch.rand(4, 3, 32, 32), "labels": torch.tensor([0, 1, 0, 1])}


def provide(names):
    names["batch"] = batch


def lost(family, saved, mode="train"):
    model, config, targets, _ = MODELS[family]
    code = CODE.format(model=model, config=config, targets=targets, saved=saved, mode=mode)
    return run(code, partial(difference, model, "base"), prepare=provide).value()


@pytest.mark.parametrize("family", MODELS)
def test_each_family(family):
    norm = MODELS[family][3]
    assert lost(family, ["classifier"]) > 0.01
    assert lost(family, ["classifier", norm]) < SAME


def test_in_eval_mode_nothing_is_lost():
    assert lost("resnet", ["classifier"], mode="eval") < SAME


def test_with_the_batch_norms_in_eval_mode_nothing_is_lost():
    switch = """
for module in model.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.eval()
"""
    frozen = CODE.replace("model.{mode}()", "model.train()" + switch)
    model, config, targets, _ = MODELS["resnet"]
    code = frozen.format(model=model, config=config, targets=targets, saved=["classifier"])
    assert run(code, partial(difference, model, "base"), prepare=provide).value() < SAME


def test_a_merged_model_has_the_statistics():
    model, config, targets, _ = MODELS["resnet"]
    code = CODE.format(
        model=model, config=config, targets=targets, saved=["classifier"], mode="train"
    )
    merged = "\nmodel = model.merge_and_unload()\nmodel.save_pretrained('merged')\n"
    assert run(code + merged, partial(reloaded, model), prepare=provide).value() < SAME


def reloaded(model_class, names):
    import torch
    import transformers

    pixels = batch()["pixel_values"]
    loaded = getattr(transformers, model_class).from_pretrained("merged")
    with torch.no_grad():
        trained = names["model"].eval()(pixel_values=pixels).logits
        return float((trained - loaded.eval()(pixel_values=pixels).logits).abs().max())


CONFORMER = """
import torch
import transformers
from peft import LoraConfig, get_peft_model
torch.manual_seed(0)
config = transformers.Wav2Vec2ConformerConfig(
    vocab_size=32, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=32, conv_dim=(16, 16), conv_kernel=(10, 3), conv_stride=(5, 2),
    num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2, conv_depthwise_kernel_size=7,
    mask_time_prob=0.0, layerdrop=0.0,
)
transformers.Wav2Vec2ConformerForCTC(config).save_pretrained("base")
model = transformers.Wav2Vec2ConformerForCTC.from_pretrained("base")
arguments = dict(target_modules=["linear_q", "linear_v"], modules_to_save=SAVED)
model = get_peft_model(model, LoraConfig(**arguments))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
sound, labels = 3 * torch.randn(2, 400), torch.tensor([[5, 6], [7, 8]])
model.train()
for _ in range(3):
    model(input_values=sound, labels=labels).loss.backward()
    optimizer.step()
    optimizer.zero_grad()
model.save_pretrained("adapter")
"""


@pytest.mark.parametrize(
    ("saved", "is_lost"), [(["lm_head"], True), (["lm_head", "batch_norm"], False)]
)
def test_a_conformer_loses_the_statistics_of_its_convolutions(saved, is_lost):
    found = run(CONFORMER.replace("SAVED", repr(saved)), heard).value()
    assert found > 0.01 if is_lost else found < SAME


def heard(names):
    """Return how far what a trained model hears is from what its adapter does on the base."""
    import torch
    import transformers
    from peft import PeftModel

    loaded = transformers.Wav2Vec2ConformerForCTC.from_pretrained("base")
    loaded = PeftModel.from_pretrained(loaded, "adapter").eval()
    with torch.no_grad():
        logits = [model(names["sound"]).logits for model in (names["model"].eval(), loaded)]
    return float((logits[0] - logits[1]).abs().max())
