"""The modules of model families by name, and how they are folded over releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn
from transformers.pytorch_utils import Conv1D

from tools.extract.timelines import history

# Tasks whose classes have an output layer as wide as the vocabulary.
GENERATING = {"CausalLM", "MaskedLM", "Seq2SeqLM", "SpeechSeq2Seq", "ImageTextToText"}
TYPES: Mapping[str, tuple[type[nn.Module], ...]] = {
    "linear": (nn.Linear, Conv1D),
    "conv": (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d),
    "embedding": (nn.Embedding,),
}
Row = dict[str, set[str]]


def merge(row: Row, model: nn.Module, task: str | None) -> None:
    """Add what one class of a family has."""
    for name, module in model.named_modules():
        kind = kind_of(module)
        if not name or (kind != "norm" and next(module.parameters(), None) is None):
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
        rows = {release: _spare(row.get(family, {})) for release, row in measured.items()}
        kinds = sorted({kind for row in rows.values() for kind in row})
        joined = {
            k: {r: " ".join(sorted(row.get(k, ()))) for r, row in rows.items()} for k in kinds
        }
        table[family] = {kind: history(names) for kind, names in joined.items()}
    return table


def _spare(row: Row) -> Row:
    """Return a row without the parts that stand before the names of others anyway."""
    before = {
        name.partition(".")[0]
        for kind, names in row.items()
        if kind not in ("part", "ends")
        for name in names
        if "." in name
    }
    return row | {"part": row["part"] - before} if "part" in row else row
