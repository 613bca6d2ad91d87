"""PEF417: the rows of new tokens stay as they are unless an adapter has the embeddings."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.training import LOUD, SETUP, changed, watch

TOKENS = """
base.resize_token_embeddings(162)
model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", {}))
rows = [{{"input_ids": [160, 5, 161, 6], "labels": [160, 5, 161, 6]}}] * 4
"""


def proof(example, use_instead):
    """Both new rows are as the resize made them; after the fix both have changed."""
    for text, moved in ((example, False), (use_instead, True)):
        before, _ = text.split("Trainer(model")
        pairs = zip(run(before, new_rows).value(), run(text, new_rows).value(), strict=True)
        assert [one != other for one, other in pairs] == [moved, moved]


@pytest.mark.parametrize(
    ("config", "trained"),
    [
        ("target_modules=['q_proj']", 0),
        ("target_modules='all-linear'", 0),
        ("target_modules=['q_proj'], modules_to_save=['embed_tokens']", 1),
        ("target_modules=['q_proj'], trainable_token_indices=[160, 161]", 1),
        ("target_modules=['q_proj', 'embed_tokens']", 1),
    ],
)
def test_who_trains_the_rows(config, trained):
    code = SETUP + TOKENS.format(config) + LOUD
    assert (run(code, embeddings_changed, prepare=watch).value() > 0) == trained


def embeddings_changed(names):
    return changed(names, "embed_tokens")


def new_rows(names):
    import torch

    return names["model"].get_input_embeddings()(torch.tensor([160, 161])).tolist()
