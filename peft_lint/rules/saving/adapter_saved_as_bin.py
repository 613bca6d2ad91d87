"""PEF513: an adapter is saved as a pickled file, which transformers 5 does not load."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import AdapterLoaded, ModelLoaded, Saved
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Kind, Node
from peft_lint.interpreter.values import Value, literal
from peft_lint.lean import Record
from peft_lint.library.configs import DEFAULT
from peft_lint.library.weights import ADAPTER_FILES
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword

_WORD = "safe_serialization"


class Save(Record):
    """A call that saves an adapter as a pickled file."""

    node: Node
    adapter: Node
    path: Value


class Rule:
    """Compares where adapters are saved so with how the document loads from there."""

    def __init__(self) -> None:
        self._saves: dict[Node, Save] = {}
        self._as_tensors: list[Value | None] = []
        self._by_peft: list[Value | None] = []
        self._by_transformers: list[tuple[Value | None, Node]] = []

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Note in which of the two forms an adapter goes where."""
        adapter = scene.body(event).adapter(DEFAULT)
        if not event.in_folder or adapter is None:
            return
        if scene.handle(event).kind is not Kind.PEFT or event.path is None:
            return
        if literal(dict(event.keywords).get(_WORD)) is False:
            self._saves.setdefault(event.node, Save(event.node, adapter.node, event.path))
        else:
            self._as_tensors.append(event.path)

    def on_model_loaded(self, event: ModelLoaded, scene: Scene) -> None:
        """Note where transformers loads from."""
        self._by_transformers.append((scene.body(event).checkpoint, event.node))

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note who loads an adapter from where: a plain model does so by transformers' loader."""
        if scene.handle(event).kind is not Kind.PLAIN:
            self._by_peft.append(event.source)
        elif event.how == "load_adapter":
            self._by_transformers.append((event.source, event.node))
        else:
            self._by_transformers.append((scene.body(event).checkpoint, event.node))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report adapters that are loaded by transformers, or by nobody in view."""
        if not self._saves or _knows_the_file(scene):
            return
        for save in self._saves.values():
            if save.path not in self._as_tensors:
                loads = [node for path, node in self._by_transformers if path == save.path]
                if loads or save.path not in self._by_peft:
                    yield _suspicion(save, loads[0] if loads else None)


def _knows_the_file(scene: Scene) -> bool:
    """Return whether the document has to do with the file of that name itself."""
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.endswith(ADAPTER_FILES[0])
        for node in scene.document.nodes
    )


def _suspicion(save: Save, load: Node | None) -> Suspicion:
    story = [(save.node, "the adapter is saved as adapter_model.bin here")]
    if load is not None:
        story.append((load, "and transformers looks for adapter_model.safetensors here"))
    return Suspicion(
        code="PEF513",
        severity=Severity.WARNING if load is None else Severity.ERROR,
        message=(
            "the adapter is saved as adapter_model.bin, "
            "which only PEFT itself loads since transformers 5"
        ),
        anchor=save.node,
        story=tuple(story),
        cause=save.node,
        proposals=(
            Proposal(
                "Save the adapter with safetensors",
                Applicability.UNSAFE if load is None else Applicability.SAFE,
                RemoveKeyword(_WORD),
                (save.node,),
            ),
        ),
    )
