"""The modules that a family's source can make, by name, whatever the config."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

# Classes without weights of their own, and what is no module.
_WEIGHTLESS = re.compile(
    r"Drop(out|Path)|Rotary|(Parameter|Buffer)$|Identity|Activation|Pool(ing)?(\dd|Layer)?$|Loss|Error"
    r"|^(ReLU6?|GELU|SiLU|Tanh|Sigmoid|Softmax|Softplus|Flatten|Unflatten|Upsample|Cache|Config)$"
    r"|Pad\dd$|Cache$|Config$|Matcher$|Tensor$|Mish$|Unfold$|Fold$|LeakyReLU|PixelShuffle"
)


def assigned_modules(models: Path, family: str, folders: Mapping[str, str]) -> set[str]:
    """Return the attributes of `self` to which a family's modeling files assign new objects."""
    folder = models / folders.get(family, family.replace("-", "_"))
    found: set[str] = set()
    for file in folder.glob("modeling_*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Assign | ast.AnnAssign) and _makes_object(node.value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {t.attr for t in targets if isinstance(t, ast.Attribute)}
            elif isinstance(node, ast.Call):
                found |= {*_registered(node)}
    return found


def _makes_object(value: ast.expr | None) -> bool:
    """Return whether an expression calls a class that can hold weights, in one of its branches."""
    calls = [node for node in ast.walk(value or ast.Pass()) if isinstance(node, ast.Call)]
    names = [ast.unparse(call.func).rpartition(".")[2] for call in calls]
    return any(name[:1].isupper() and not _WEIGHTLESS.search(name) for name in names)


def _registered(call: ast.Call) -> Iterator[str]:
    """Yield the name in `self.add_module("name", …)` and in `setattr(self, "name", …)`."""
    position = {"add_module": 0, "register_module": 0, "setattr": 1}
    at = position.get(ast.unparse(call.func).rpartition(".")[2])
    if at is not None and len(call.args) > at:
        name = call.args[at]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            yield name.value
