"""PEF507: an adapter is saved as it is, though a load cannot repeat how it was initialised."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Saved
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Kind, Node
from peft_lint.interpreter.values import literal
from peft_lint.library.registry import SEEDS
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import Replace

_FIELD = "init_lora_weights"
# With one of these the adapter is saved as the difference to how it began.
_CONVERSIONS = ("path_initial_model_for_weight_conversion", "convert_pissa_to_lora")


class Rule(OnePerPlace):
    """Looks at each save of an adapter whose start was computed with random numbers."""

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Suspect a save that does not convert the adapter to an ordinary one."""
        if not event.by_method or scene.handle(event).kind is not Kind.PEFT:
            return
        if "selected_adapters" in dict(event.keywords) or _may_convert(event.node):
            return
        body = scene.body(event)
        for adapter in () if body.escaped else body.adapters or ():
            init = _random_init(adapter)
            if init is not None and adapter.merged is False:
                self._found.setdefault(init, _suspicion(event, adapter, init))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report them, unless the document sees to the start of its adapters itself."""
        if self._found and not _sees_to_it(scene):
            yield from super().finish(scene)


def _may_convert(node: Node) -> bool:
    """Return whether a call passes keywords that are not in view."""
    return isinstance(node, ast.Call) and any(word.arg is None for word in node.keywords)


def _sees_to_it(scene: Scene) -> bool:
    """Return whether the document converts an adapter, changes a config, or seeds repeatedly.

    With one seed before each of them, a load splits the base as it was split before.
    """
    seeds = 0
    for node in scene.document.nodes:
        match node:
            case ast.keyword(arg=name) if name in _CONVERSIONS:
                return True
            case ast.Attribute(attr="init_lora_weights", ctx=ast.Store()):
                return True
            case ast.Subscript(value=ast.Attribute(attr="peft_config"), ctx=ast.Store()):
                return True
            case ast.Constant(value="init_lora_weights"):
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in SEEDS:
                seeds += 1
    return seeds > 1


def _random_init(adapter: Adapter) -> ast.Constant | None:
    """Return the text that asks for PiSSA by a randomised decomposition, as the config has it."""
    config = adapter.config
    if config is None or config.class_name != "LoraConfig" or config.source is not None:
        return None
    value, node = literal(config.get(_FIELD)), config.expression(_FIELD)
    if not isinstance(value, str) or not isinstance(node, ast.Constant):
        node = getattr(config.get(_FIELD), "node", None)
    start, _, rounds = value.partition("_niter_") if isinstance(value, str) else ("", "", "")
    if start != "pissa" or not rounds.isdigit():
        return None
    return node if isinstance(node, ast.Constant) else None


def _suspicion(event: Saved, adapter: Adapter, init: ast.Constant) -> Suspicion:
    return Suspicion(
        code="PEF507",
        severity=Severity.WARNING,
        message=(
            f"{init.value!r} splits the base at random, and every load splits it anew: "
            "the saved adapter does not fit what is left of the base"
        ),
        anchor=init,
        story=(
            (init, "the adapter takes its start from a randomised decomposition"),
            (adapter.node, "which changes the base here"),
            (event.node, "and only the adapter is saved here, as it is"),
        ),
        cause=init,
        proposals=(
            Proposal(
                "Decompose exactly, which a load repeats",
                Applicability.UNSAFE,
                Replace('"pissa"'),
                (init,),
            ),
        ),
    )
