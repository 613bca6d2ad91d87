"""Reads dtypes: which one a value is, a base was loaded with, and a model is cast to."""

from __future__ import annotations

import ast

from peft_lint.interpreter.objects import Body, Fact
from peft_lint.interpreter.values import Literal, Symbol, Value, literal
from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call

KEYWORDS = ("torch_dtype", "dtype")
_SAME = {"half": "float16", "float": "float32", "double": "float64"}
_CASTS = {**_SAME, "bfloat16": "bfloat16"}
_DTYPES = frozenset(_CASTS.values())


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


def cast_by(call: Call, how: str) -> tuple[ast.Call, str | None] | None:
    """Return a call of a method of a model with the dtype that it casts all weights to, if any.

    The dtype is None where it may be any.
    """
    if how in _CASTS:
        return call.node, _CASTS[how]
    if how not in ("to", "type"):
        return None
    spelled = (*call.node.args, *(word.value for word in call.node.keywords))
    given = call.values()
    for value in given:
        dtype = dtype_of(value) if isinstance(value, Symbol) else None
        if dtype in _DTYPES:
            return call.node, dtype
    if len(spelled) == len(given) and all(map(_is_place, given, spelled)):
        return None
    return call.node, None


def _is_place(value: Value, node: ast.expr) -> bool:
    """Return whether an argument of `to` is surely no dtype: a text, or torch's `device`."""
    if isinstance(node, ast.Call):
        node = node.func
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return isinstance(value, Literal) or isinstance(node, ast.JoinedStr) or name == "device"
