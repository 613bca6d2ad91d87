"""Weights outside of a model: an adapter's alone, and what is read from a file."""

from __future__ import annotations

import os
from collections.abc import Hashable

from peft_lint.events import WeightsRead
from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Literal,
    Ref,
    Symbol,
    Unknown,
    Value,
    literal,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.handles import handle_of
from peft_lint.library.registry import function

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call

# The files that `save_pretrained` of a PeftModel writes weights to.
ADAPTER_FILES = ("adapter_model.bin", "adapter_model.safetensors")
_ADAPTER, _FILE = "adapter weights", "weights of a file"


@function("peft.get_peft_model_state_dict", creates=False)
def get_peft_model_state_dict(call: Call) -> Value:
    """Model reading an adapter's weights."""
    found = handle_of(call.machine, call.get(0, "model"))
    if found is None:
        return Unknown((_ADAPTER, result_of(call.machine, NOTHING_KNOWN, call).origin), depth=1)
    ref: Ref = found[0]
    named = not call.complete or call.get(2, "adapter_name") is not None
    call.machine.emit(WeightsRead(call.node, ref.id, named))
    return Unknown((_ADAPTER, ("parameters", ref.id)), frozenset({ref.id}), 1)


@function("peft.load_peft_weights", creates=False)
def load_peft_weights(call: Call) -> Value:
    """Model PEFT's own reader of an adapter's file."""
    return Unknown((_ADAPTER, result_of(call.machine, NOTHING_KNOWN, call).origin), depth=1)


@function("torch.load", "safetensors.load_file", creates=False)
def load_file(call: Call) -> Value:
    """Model reading a file: weights, or anything else."""
    result = result_of(call.machine, NOTHING_KNOWN, call)
    path = call.get(0, "f")
    path = call.get(None, "filename") if path is None else path
    if path is None:
        return result
    return Unknown((_FILE, path, result.origin), result.handles, 1)


def file_of(value: Value | None) -> Value | None:
    """Return the path of the file that weights were read from, as the text gives it."""
    origin = value.origin if isinstance(value, Unknown) else None
    if isinstance(origin, tuple) and origin[0] == _FILE:
        path: Value = origin[1]
        return path
    return None


def is_adapter(value: Value | None) -> bool:
    """Return whether weights are an adapter's alone, under names without the adapter's own."""
    origin = value.origin if isinstance(value, Unknown) else None
    if isinstance(origin, tuple) and origin[0] == _ADAPTER:
        return True
    path = file_of(value)
    return path is not None and file_name(path) in ADAPTER_FILES


def file_name(path: Value) -> str | None:
    """Return the name of the file that a path leads to, None where the text does not say it."""
    if isinstance(path, Literal):
        text = literal(path)
        return os.path.basename(text) if isinstance(text, str) else None
    return _file_name(path.origin) if isinstance(path, Unknown) else None


def _file_name(origin: Hashable) -> str | None:
    """Return the name of a file from how its path was put together, None if it is not known."""
    if not isinstance(origin, tuple) or not origin:
        return None
    kind, last = origin[0], origin[-1]
    if kind == "str":
        return _file_name(last)
    joins = kind == "Div" or (kind == "call" and origin[1] == Symbol("os.path.join"))
    if not joins and kind not in ("text", "Add"):
        return None
    text = _constant(last)
    # Where texts are put one after another, a name is known from its slash on.
    known = text is not None and (joins or "/" in text)
    return os.path.basename(text) if text is not None and known else None


def _constant(part: Hashable) -> str | None:
    """Return the text that a part of an origin is, if it is one (`values.key`)."""
    match part:
        case ("literal", ((_, str() as text),)):
            return text
    return None
