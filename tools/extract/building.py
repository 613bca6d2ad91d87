"""Models of the installed transformers without memory for weights, from their default configs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

# Before transformers is imported: some configs name a checkpoint and would fetch it.
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from torch import nn

LAYERS = 4  # enough for models whose layers alternate
VOCABULARY = 32  # where the default is to be told
SECONDS = 60  # a class that takes longer is left out
# Config fields that say how often a layer is repeated.
COUNTS = {
    *("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers"),
    *("decoder_layers", "num_encoder_layers", "num_decoder_layers"),
}


def build(name: str, family: str) -> nn.Module:
    """Return a model of class `name` without memory for weights, with few layers if it can be.

    Some defaults do not suffice, some allow no other number of layers than their own, and some
    classes of a family take the config of a part of it.
    """
    model_class = getattr(transformers, name)
    own, of_family = model_class.config_class, transformers.CONFIG_MAPPING[family]
    classes = [of_family] if own in (None, of_family) else [of_family, own]
    ways = [(config, how) for config in classes for how in (shorten, complete, untouched)]
    for config_class, prepare in ways[:-1]:
        try:
            return _built(model_class, config_class(), prepare)
        except Exception:  # whatever a config's defaults run into
            continue
    return _built(model_class, ways[-1][0](), ways[-1][1])


def default_configs() -> dict[str, Any]:
    """Return model type -> its default config, of those types that have one."""
    found = {}
    for model_type in transformers.CONFIG_MAPPING:
        try:
            found[model_type] = transformers.CONFIG_MAPPING[model_type]()
        except Exception as error:  # as for the classes
            print(f"{model_type}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
    return found


def _built(model_class: Any, config: Any, prepare: Callable[[Any], None]) -> nn.Module:
    prepare(config)
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(SECONDS)
    try:
        with torch.device("meta"):
            model: nn.Module = model_class(config)
            return model
    finally:
        signal.alarm(0)


def _give_up(*_: object) -> None:
    raise TimeoutError(f"not built in {SECONDS} seconds")


def shorten(config: Any) -> None:
    """Set the number of layers of a config, and of those inside it, to at most LAYERS."""
    listed = vars(config).get("layer_types")
    # Where the kinds of layers are listed, all of them must stay.
    short_enough = listed is None or len(set(listed[:LAYERS])) == len(set(listed))
    for name, value in list(vars(config).items()):
        if isinstance(value, transformers.PretrainedConfig):
            shorten(value)
        elif name in COUNTS and isinstance(value, int) and short_enough:
            setattr(config, name, min(value, LAYERS))
    if listed is not None and isinstance(config.num_hidden_layers, int):
        config.layer_types = listed[: config.num_hidden_layers]


def complete(config: Any) -> None:
    """Shorten a config, and give it what its model needs and its defaults leave out."""
    shorten(config)
    for part in (config, *vars(config).values()):
        if isinstance(part, transformers.PretrainedConfig):
            heads = getattr(part, "num_attention_heads", None)
            size = getattr(part, "hidden_size", None)
            if isinstance(heads, int) and isinstance(size, int):
                for field, value in (("num_key_value_heads", heads), ("head_dim", size // heads)):
                    if getattr(part, field, value) is None:
                        setattr(part, field, value)
            if getattr(part, "vocab_size", 0) is None:
                part.vocab_size = VOCABULARY


def untouched(config: Any) -> None:
    """Leave a config as it is."""
