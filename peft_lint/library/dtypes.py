"""Reads dtypes: which one a value of the text is, and which a base was loaded with."""

from __future__ import annotations

from peft_lint.interpreter.objects import Body, Fact
from peft_lint.interpreter.values import Symbol, Value, literal

KEYWORDS = ("torch_dtype", "dtype")
_SAME = {"half": "float16", "float": "float32", "double": "float64"}


def dtype_of(value: Value) -> str | None:
    """Return the name of a dtype such as "float16", None where the text does not say it."""
    text = value.name if isinstance(value, Symbol) else literal(value)
    if not isinstance(text, str) or text == "auto":
        return None
    name = text.rpartition(".")[2]
    return _SAME.get(name, name)


def loaded_as(body: Body, wanted: str) -> Fact:
    """Return whether a base was loaded with the dtype `wanted`, None if that is not known.

    A base whose loading call names no dtype has that of its checkpoint, or float32.
    """
    given = dict(body.arguments)
    if not body.complete or body.escaped or body.quantised is not False or "config" in given:
        return None
    own = [dtype_of(given[name]) for name in KEYWORDS if name in given]
    return None if None in own else wanted in own
