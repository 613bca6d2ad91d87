"""Add the modules of every model family to modules.json, from models built without weights.

    python -m tools.make_modules

Every class of classes.json that the installed transformers has is built with its default
config, few layers, on the meta device. Nothing is downloaded. The rows of other releases stay:
names change, so the table holds the releases of several environments.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

# Before transformers is imported: some configs name a checkpoint and would fetch it.
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from torch import nn
from transformers.pytorch_utils import Conv1D

from peft_lint.versions.specifier import key
from tools.extract.timelines import TABLES, history, write

# Tasks whose classes have an output layer as wide as the vocabulary.
GENERATING = {"CausalLM", "MaskedLM", "Seq2SeqLM", "SpeechSeq2Seq", "ImageTextToText"}
TYPES: Mapping[str, tuple[type[nn.Module], ...]] = {
    "linear": (nn.Linear, Conv1D),
    "conv": (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d),
    "embedding": (nn.Embedding,),
}
LAYERS = 4  # enough for models whose layers alternate
SECONDS = 60  # a class that takes longer is left out
# Config fields that say how often a layer is repeated.
COUNTS = {
    *("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers"),
    *("decoder_layers", "num_encoder_layers", "num_decoder_layers"),
}
Row = dict[str, set[str]]


def main() -> None:
    """Build every class, and write the table with the rows of this release put in."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    classes = json.loads((TABLES / "classes.json").read_text("utf-8"))["models"]
    rows: dict[str, Row] = {}
    for name, (family, task) in classes.items():
        if hasattr(transformers, name):
            try:
                merge(rows.setdefault(family, {}), build(name, family), task)
            except Exception as error:  # whatever a config's defaults run into
                rows[family].setdefault("unbuilt", set()).add(name)
                print(f"{name}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
    file = TABLES / "modules.json"
    known = json.loads(file.read_text("utf-8")) if file.exists() else {"about": {}, "families": {}}
    measured = unfolded(known) | {transformers.__version__: {f: r for f, r in rows.items() if r}}
    ordered = dict(sorted(measured.items(), key=lambda pair: key(pair[0])))
    about = {
        "library": "transformers",
        "made": "tools/make_modules.py: each class built without weights, from its default config",
        "releases": list(ordered),
    }
    write("modules", about, {"families": folded(ordered)})
    unbuilt = sum(len(row.get("unbuilt", ())) for row in rows.values())
    print(
        f"transformers {transformers.__version__}: {len(rows)} families, {unbuilt} classes unbuilt"
    )


def unfolded(table: Mapping[str, Any]) -> dict[str, dict[str, Row]]:
    """Return release -> family -> row of a table that `folded` has made."""
    releases = table["about"].get("releases", [])
    found: dict[str, dict[str, Row]] = {release: {} for release in releases}
    for family, kinds in table["families"].items():
        for kind, changes in kinds.items():
            names = changes
            for release in releases:
                names = changes.get(release, names) if isinstance(changes, dict) else changes
                if isinstance(names, str) and names:
                    found[release].setdefault(family, {})[kind] = set(names.split())
    return found


def folded(measured: Mapping[str, Mapping[str, Row]]) -> dict[str, Any]:
    """Return family -> kind -> history of the names, joined by blanks."""
    table: dict[str, Any] = {}
    for family in sorted({family for rows in measured.values() for family in rows}):
        rows = {release: row.get(family, {}) for release, row in measured.items()}
        kinds = sorted({kind for row in rows.values() for kind in row})
        joined = {
            k: {r: " ".join(sorted(row.get(k, ()))) for r, row in rows.items()} for k in kinds
        }
        table[family] = {kind: history(names) for kind, names in joined.items()}
    return table


def build(name: str, family: str) -> nn.Module:
    """Return a model of class `name` without memory for weights, with few layers if it can be."""
    try:
        return _built(name, family, shorten)
    except Exception:  # some configs allow no other number of layers than their own
        return _built(name, family, lambda config: None)


def _built(name: str, family: str, prepare: Callable[[Any], None]) -> nn.Module:
    model_class = getattr(transformers, name)
    config = model_class.config_class() if model_class.config_class else None
    if config is None or config.model_type != family:
        config = transformers.AutoConfig.for_model(family)
    prepare(config)
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(SECONDS)
    try:
        with torch.device("meta"):
            return model_class(config)
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


def merge(row: Row, model: nn.Module, task: str | None) -> None:
    """Add what one class of a family has."""
    for name, module in model.named_modules():
        kind = kind_of(module)
        if kind != "norm" and next(module.parameters(), None) is None:
            continue
        # What adapters are put on is told apart by the module around it.
        word = short(name) if kind in ("linear", "conv") else name.rpartition(".")[2]
        if kind != "part" or not word.isdigit():
            row.setdefault(kind, set()).add(word)
    for name, _ in model.named_parameters():
        if name.rpartition(".")[2] not in ("weight", "bias"):
            row.setdefault("parameter", set()).add(short(name))
    if task in GENERATING and (ends := output(model)):
        row.setdefault("ends", set()).add(ends)


def kind_of(module: nn.Module) -> str:
    """Return what a module is to PEFT: a kind that adapters can target, a norm, or a part."""
    for name, types in TYPES.items():
        if isinstance(module, types):
            return name
    return "norm" if "norm" in type(module).__name__.lower() else "part"


def short(name: str) -> str:
    """Return the last two words of a module's name, the numbers before them left out.

    A number at the end belongs to its word: `net.0`.
    """
    words = name.split(".")
    tail = [words.pop()]
    while words and tail[0].isdigit():
        tail.insert(0, words.pop())
    before = next((word for word in reversed(words) if not word.isdigit()), "")
    return ".".join(filter(None, [before, *tail]))


def output(model: Any) -> str | None:
    """Return "embedding:output layer:tied", or None where there is no such pair."""
    try:
        embedding, layer = model.get_input_embeddings(), model.get_output_embeddings()
    except NotImplementedError:
        return None
    if embedding is None or layer is None:
        return None
    names = {module: name.rpartition(".")[2] for name, module in model.named_modules()}
    tied = getattr(model.config.get_text_config(), "tie_word_embeddings", False)
    return f"{names.get(embedding)}:{names.get(layer)}:{'tied' if tied else 'apart'}"


if __name__ == "__main__":
    main()
