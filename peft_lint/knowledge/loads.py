"""What transformers prints when a checkpoint lacks weights: which modules of a model are new."""

from __future__ import annotations

import re
from collections.abc import Iterator

from peft_lint.knowledge.families import heads, model_class
from peft_lint.lean import Record

# Before transformers 5: a sentence with a list, or with a line for each weight of another shape.
_SENTENCE = re.compile(
    r"Some weights of (?P<model>\w+) were not initialized from the model checkpoint at "
    r"(?P<checkpoint>.+?) and are newly initialized"
    r"(?:: \[(?P<names>[^\]]*)\]| because the shapes did not match:(?P<rows>(?:\s+- .+)+))"
)
_SHAPES = re.compile(r"- (\S+): found shape")
# Since then: a table.
_REPORT = re.compile(
    r"(?P<model>\w+) LOAD REPORT from: (?P<checkpoint>.+)\n(?P<rows>(?:.*\|.*\n|[-+ ]+\n)+)"
)
_ROW = re.compile(r"(?m)^(\S+) +\| *(?:MISSING|MISMATCH)\b")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Load(Record):
    """A load that left weights new: the model's class, the checkpoint, the weights' names."""

    model: str
    checkpoint: str
    weights: tuple[str, ...]


def loads(text: str) -> Iterator[Load]:
    """Yield the loads that a printed text tells of."""
    if "newly initialized" not in text:
        return
    text = _COLOUR.sub("", text)
    for match in _SENTENCE.finditer(text):
        names = re.findall(r"'([^']+)'", match["names"] or "")
        names += _SHAPES.findall(match["rows"] or "")
        yield Load(match["model"], match["checkpoint"], tuple(names))
    for match in _REPORT.finditer(text):
        yield Load(match["model"], match["checkpoint"], tuple(_ROW.findall(match["rows"])))


def reported_heads(text: str, task: str, checkpoint: str | None) -> tuple[str, ...] | None:
    """Return the head modules that a printed text says to be new in a model for `task`.

    `checkpoint` is where the model comes from, None where that is unknown. None when the text
    says nothing of such a model, or its class's heads are not known.
    """
    found: tuple[str, ...] | None = None
    for model, origin, weights in loads(text):
        known = model_class(model)
        built = heads(known.model_type, task) if known and known.task == task else None
        if built is None or checkpoint not in (None, origin):
            continue
        modules = (*built.modules, *built.poolers)
        new = (m for m in modules if any(weight.startswith(f"{m}.") for weight in weights))
        found = tuple(dict.fromkeys((*(found or ()), *new)))
    return found
