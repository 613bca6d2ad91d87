"""PEF416: embeddings that an adapter has cannot be resized any more."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.training import SETUP

ADAPTER = "model = get_peft_model(base, LoraConfig(task_type='CAUSAL_LM', {}))\n"
RESIZE = "{}.resize_token_embeddings(base.config.vocab_size + {})\n"
Q = "target_modules=['q_proj']"


def proof(example, use_instead):
    """The example raises; in the right order the embeddings are larger, and trained."""
    assert run(example).exception.startswith("TypeError: Old embeddings are of type")
    assert run(use_instead, rows_to_train).value() == [162, 162]


@pytest.mark.parametrize("model", ["model", "base", "model.base_model", "model.get_base_model()"])
@pytest.mark.parametrize(
    "config",
    [
        f"{Q}, modules_to_save=['embed_tokens']",
        f"{Q}, modules_to_save=['lm_head']",
        f"{Q}, trainable_token_indices=[1, 2]",
        "target_modules=['q_proj', 'embed_tokens']",
        "target_modules=['q_proj', 'lm_head']",
    ],
)
def test_every_way_to_take_them_raises(config, model):
    code = SETUP + ADAPTER.format(config) + RESIZE.format(model, 8)
    assert run(code).exception.startswith("TypeError: Old")


@pytest.mark.parametrize("config", [Q, "target_modules='all-linear'"])
def test_with_the_adapter_elsewhere_nothing_is_raised(config):
    assert not run(SETUP + ADAPTER.format(config) + RESIZE.format("model", 8)).exception


def test_the_same_size_raises_nothing():
    config = f"{Q}, modules_to_save=['embed_tokens']"
    assert not run(SETUP + ADAPTER.format(config) + RESIZE.format("model", 0)).exception


def test_an_adapter_of_transformers_raises_and_one_that_was_taken_off_does_not():
    config = f"LoraConfig({Q}, modules_to_save=['embed_tokens'])"
    native = f"{SETUP}base.add_adapter({config})\n" + RESIZE.format("base", 8)
    assert run(native).exception.startswith("TypeError: Old")
    taken_off = f"{SETUP}base = get_peft_model(base, {config}).unload()\n"
    assert not run(taken_off + RESIZE.format("base", 8)).exception


def rows_to_train(names):
    """Return the number of rows of all that is trained and has a row for each token."""
    parameters = names["model"].named_parameters()
    return [len(p) for n, p in parameters if p.requires_grad and "modules_to_save" in n]
