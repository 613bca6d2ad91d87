"""PEF511: a folder gets an adapter and the model's config, as if a full model were in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import AdapterLoaded, ConfigSaved, Saved
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Kind, Node
from peft_lint.interpreter.values import Value
from peft_lint.lean import Record
from peft_lint.library.configs import DEFAULT
from peft_lint.names import method_of
from peft_lint.rules.dumps import mentions
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

# Who chooses what is saved has a loader of his own for it.
_CHOICES = ("selected_adapters", "state_dict")
# Files of a full model's weights, which somebody may write by hand.
_FILES = ("pytorch_model", "model.safetensors")


class Save(Record):
    """What was saved where, and by which statement."""

    node: Node
    body: Node
    path: Value
    statement: ast.stmt | None


class Rule:
    """Compares the folders of adapters with those of configs, and with what else lies there."""

    def __init__(self) -> None:
        self._adapters: dict[Node, Save] = {}
        self._configs: dict[Node, Save] = {}
        self._full: list[Value | None] = []
        self._by_peft: list[Value | None] = []

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Note where an adapter goes, and where a full model does."""
        if not event.in_folder or any(name in _CHOICES for name, _ in event.keywords):
            return
        if scene.handle(event).kind is not Kind.PEFT:
            self._full.append(event.path)
        elif event.path is not None and _is_adapted(scene.body(event)):
            body = scene.body(event).node
            save = Save(event.node, body, event.path, scene.machine.statement)
            self._adapters.setdefault(event.node, save)

    def on_config_saved(self, event: ConfigSaved, scene: Scene) -> None:
        """Note where the model's own config goes."""
        if event.path is not None and _is_adapted(scene.body(event)):
            body = scene.body(event).node
            save = Save(event.node, body, event.path, scene.machine.statement)
            self._configs.setdefault(event.node, save)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note folders that PEFT itself loads from: it looks at no other config."""
        if scene.handle(event).kind is not Kind.PLAIN:
            self._by_peft.append(event.source)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report folders that hold an adapter and a config, and nothing that fits the config."""
        if not self._configs or _reads_config(scene) or mentions(scene, _FILES):
            return
        for adapter in self._adapters.values():
            if adapter.path in self._full or adapter.path in self._by_peft:
                continue
            for config in self._configs.values():
                if (config.body, config.path) == (adapter.body, adapter.path):
                    yield _suspicion(adapter, config, scene)
                    break


def _is_adapted(body: Body) -> bool:
    """Return whether a body surely has an adapter, to be merged, that is saved as such."""
    adapter = body.adapter(DEFAULT)
    return adapter is not None and adapter.in_place is True and not body.escaped


def _reads_config(scene: Scene) -> bool:
    """Return whether the document has a use for the config by itself."""
    return any(
        isinstance(node, (ast.Name, ast.Attribute))
        and scene.symbol(node) == "transformers.AutoConfig"
        for node in scene.document.nodes
    )


def _suspicion(adapter: Save, config: Save, scene: Scene) -> Suspicion:
    return Suspicion(
        code="PEF511",
        severity=Severity.WARNING,
        message=(
            "the adapter is saved beside the model's config.json: "
            "transformers takes the folder for a full model and cannot load it"
        ),
        anchor=adapter.node,
        story=(
            (config.node, "the config of the full model is saved here"),
            (adapter.node, "and the same folder gets only the adapter here"),
        ),
        cause=adapter.node,
        proposals=_proposals(adapter, config, scene),
    )


def _proposals(adapter: Save, config: Save, scene: Scene) -> tuple[Proposal, ...]:
    from peft_lint.rules.save_instead import SaveInstead
    from peft_lint.syntax.statements import Remove

    found = []
    method = method_of(adapter.node)
    if method is not None and method.attr == "save_pretrained":
        model = f"{scene.document.source(method.value)}.merge_and_unload()"
        title = "Merge the adapter, and save the full model"
        found.append(Proposal(title, Applicability.UNSAFE, SaveInstead(model), (adapter.node,)))
    if isinstance(config.statement, ast.Expr) and config.statement.value is config.node:
        visitor = Remove(config.statement)
        title = "Leave the config out: the adapter's own names its base"
        found.append(Proposal(title, Applicability.UNSAFE, visitor, (config.node,)))
    return tuple(found)
