"""PEF116: an adapter's name leads elsewhere: another folder, no module, no adapter of that name."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator

from peft_lint.events import AdapterLoaded, Mixed, ModelEvent, Saved, WeightsRead, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import PEFT_MODELS, Body, Node
from peft_lint.interpreter.values import literal
from peft_lint.lean import Record
from peft_lint.library.configs import DEFAULT
from peft_lint.rules.folders import filled
from peft_lint.rules.guards import is_guarded
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import AddKeyword


class Load(Record):
    """A load from a folder: the call, its path, and the name that it gives the adapter."""

    node: ast.Call
    how: str
    path: ast.expr | None
    folder: str
    name: str | None


class Rule:
    """Remembers where named adapters are saved, and compares with where adapters are loaded."""

    def __init__(self) -> None:
        self._named: dict[str, dict[str, Node]] = {}
        self._loads: dict[Node, Load] = {}
        self._found: dict[Node, Suspicion] = {}

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Note the folders that get one folder below for each adapter, and nothing else."""
        folder, body = literal(event.path), scene.body(event)
        if not event.in_folder or not isinstance(folder, str):
            return
        adapters = body.adapters
        if scene.handle(event).kind not in PEFT_MODELS or not adapters:
            return
        if dict(event.keywords).get("selected_adapters") is None:
            names = self._named.setdefault(os.path.normpath(folder), {})
            names.update((one.name, event.node) for one in adapters)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note where an adapter is loaded from; and what fails at once."""
        self._look_at_name(event, scene)
        if event.how == "set_peft_model_state_dict":
            self._look_at_default(event, scene)
        folder, node = literal(event.source), event.node
        if not isinstance(folder, str) or not isinstance(node, ast.Call):
            return
        given = {word.arg for word in node.keywords}
        if given.isdisjoint({None, "subfolder", "adapter_kwargs", "config"}):
            name = literal(dict(event.keywords).get("adapter_name"))
            known = name if isinstance(name, str) else None
            load = Load(node, event.how, event.source_node, os.path.normpath(folder), known)
            self._loads.setdefault(node, load)

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Look at a fresh adapter's name."""
        self._look_at_name(event, scene)

    def on_mixed(self, event: Mixed, scene: Scene) -> None:
        """Look at a mix's name."""
        self._look_at_name(event, scene)

    def on_weights_read(self, event: WeightsRead, scene: Scene) -> None:
        """Look whether there is an adapter of the default name."""
        if not event.named:
            self._look_at_default(event, scene)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report loads of folders in which only folders are, and what fails at once."""
        yield from (one for node, one in self._found.items() if not is_guarded(node, scene))
        for load in self._loads.values():
            names = self._named.get(load.folder)
            if names is None or DEFAULT in names or load.folder in scene.machine.saved:
                continue
            on_disk = scene.machine.project.adapter_config(load.folder) is not None
            if not on_disk and not is_guarded(load.node, scene) and not filled(load.folder, scene):
                yield _elsewhere(load, names)

    def _look_at_name(self, event: ModelEvent, scene: Scene) -> None:
        for one in scene.body(event).made_by(event.node):
            if "." in one.name:
                words = f"adapter {one.name!r} cannot be made: a module's name has no dot"
                story = (event.node, "the adapter is to be called so here, which raises KeyError")
                self._found.setdefault(event.node, _claim(event.node, words, story))

    def _look_at_default(self, event: ModelEvent, scene: Scene) -> None:
        """Suspect a call that is about the default adapter, where none is called so."""
        node, body = event.node, scene.body(event)
        if not isinstance(node, ast.Call) or len(node.args) > 2 or not _lacks_default(body):
            return
        if all(word.arg not in (None, "adapter_name") for word in node.keywords):
            name = (body.adapters or ())[0].name
            words = f"no adapter is called {DEFAULT!r} here: pass adapter_name={name!r}"
            story = (node, "this is about the adapter 'default' and raises KeyError")
            self._found.setdefault(node, _claim(node, words, story, body))


def _lacks_default(body: Body) -> bool:
    """Return whether a body surely has adapters, and none of the default name."""
    known = bool(body.adapters) and not body.escaped
    return known and body.adapter(DEFAULT) is None


def _claim(node: Node, message: str, step: tuple[Node, str], body: Body | None = None) -> Suspicion:
    proposals: tuple[Proposal, ...] = ()
    adapters = body.adapters if body is not None else None
    if adapters is not None and len(adapters) == 1:
        name = adapters[0].name
        visitor = AddKeyword("adapter_name", repr(name).replace("'", '"'))
        title = f"Pass adapter_name={name!r}"
        proposals = (Proposal(title, Applicability.UNSAFE, visitor, (node,)),)
    return Suspicion("PEF116", Severity.ERROR, message, node, (step,), node, proposals)


def _elsewhere(load: Load, names: dict[str, Node]) -> Suspicion:
    from peft_lint.rules.loading.adapter_path_mismatch_fix import proposals

    name = load.name if load.name in names else next(iter(names)) if len(names) == 1 else None
    where = " or ".join(repr(os.path.join(load.folder, one)) for one in names)
    saves = next(iter(names.values()))
    return Suspicion(
        code="PEF116",
        severity=Severity.ERROR,
        message=f"no adapter is saved in {load.folder!r}: it is in {where}, by its name",
        anchor=load.node,
        story=(
            (saves, f"each adapter gets a folder of its own below {load.folder!r} here"),
            (load.node, "and the folder above is loaded here"),
        ),
        cause=load.node,
        proposals=proposals(load, name),
    )
