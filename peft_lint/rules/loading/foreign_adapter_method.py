"""PEF115: a method of the library `adapters` is called on a model that PEFT has wrapped."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import ForeignCalled
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import PEFT_PARTS, Body, Handle, Kind, Node
from peft_lint.names import method_of
from peft_lint.rules.guards import is_guarded
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

# What says the same in PEFT, where something does.
_INSTEAD = {
    "set_active_adapters": "set_adapter(name)",
    "train_adapter": "set_adapter(name), which a model of one adapter does not need",
    "save_adapter": "save_pretrained(folder, selected_adapters=[name])",
    "save_all_adapters": "save_pretrained(folder)",
    "push_adapter_to_hub": "push_to_hub(repository)",
    "average_adapter": "add_weighted_adapter(names, weights, name)",
    "adapter_summary": "print_trainable_parameters()",
    "add_classification_head": "an AutoModelForSequenceClassification and its task type",
}


class Rule:
    """Collects such calls on models that surely have PEFT's adapters."""

    def __init__(self) -> None:
        self._found: dict[Node, Suspicion] = {}

    def on_foreign_called(self, event: ForeignCalled, scene: Scene) -> None:
        """Suspect the call."""
        handle, body = scene.handle(event), scene.body(event)
        if event.name and _is_of_peft(handle, body):
            self._found.setdefault(event.node, _suspicion(event, handle, body))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what nothing guards, in a document that knows nothing of the other library."""
        nodes = scene.document.nodes if self._found else []
        if self._found and not _has_other_library(nodes):
            names = {node.value for node in nodes if isinstance(node, ast.Constant)}
            for node, suspicion in self._found.items():
                method = method_of(node)
                asked = method is not None and (method.attr in names or scene.assigns(method.attr))
                if not is_guarded(node, scene) and not asked:
                    yield suspicion


def _is_of_peft(handle: Handle, body: Body) -> bool:
    """Return whether a model is PEFT's wrapper, or one of transformers with PEFT's config."""
    if body.escaped:
        # Code out of view may have given it methods.
        return False
    if handle.kind is not Kind.PLAIN:
        return handle.kind in PEFT_PARTS
    configs = [one.config for one in body.adapters or ()]
    return any(config is not None and config.class_name is not None for config in configs)


def _has_other_library(nodes: list[ast.AST]) -> bool:
    """Return whether the document imports `adapters`, or the fork that it came from."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:
            continue
        parts = [module.split(".") for module in modules]
        if any(part[0] == "adapters" or part[:2] == ["transformers", "adapters"] for part in parts):
            return True
    return False


def _suspicion(event: ForeignCalled, handle: Handle, body: Body) -> Suspicion:
    name = event.name
    made = handle.node if handle.kind is not Kind.PLAIN else (body.adapters or ())[0].node
    instead = _INSTEAD.get(name)
    proposals: tuple[Proposal, ...] = ()
    if instead is not None:
        title = f"With PEFT, use {instead}"
        proposals = (Proposal(title, Applicability.DISPLAY, object(), (event.node,)),)
    return Suspicion(
        code="PEF115",
        severity=Severity.ERROR,
        message=f"{name} is a method of the library adapters: a model with PEFT's has none",
        anchor=event.node,
        story=(
            (made, "the adapter is one of PEFT's, put on the model here"),
            (event.node, f"and {name} of another library is called here, which raises"),
        ),
        cause=event.node,
        proposals=proposals,
    )
