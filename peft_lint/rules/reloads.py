"""Adapters that a document saves into a folder and loads from there: what rules compare."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator

from peft_lint.events import AdapterLoaded, Saved
from peft_lint.interpreter.objects import PEFT_MODELS, Adapter, Body, Kind, Node
from peft_lint.interpreter.values import literal
from peft_lint.lean import Record
from peft_lint.library.artifacts import subfolder
from peft_lint.library.configs import DEFAULT
from peft_lint.rules.folders import filled
from peft_lint.rules.guards import is_guarded
from peft_lint.scene import Scene


class Stored(Record):
    """A save of an adapter: the call, the model as it was, and the function that it happens in."""

    node: Node
    body: Body
    adapter: Adapter
    function: ast.AST | None


class Reload(Record):
    """A load from a folder, by `how`: the call, and the model that the adapter meets."""

    node: ast.Call
    how: str
    body: Body
    function: ast.AST | None


class Reloads:
    """Collects saves and loads with literal paths, over all worlds."""

    def __init__(self) -> None:
        self._stored: dict[str, list[Stored]] = {}
        self._loads: dict[str, dict[Node, list[Reload]]] = {}

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Note what goes where: each adapter but the default one into a folder of its name."""
        folder, body = literal(event.path), scene.body(event)
        if not event.in_folder or not isinstance(folder, str):
            return
        if scene.handle(event).kind in PEFT_MODELS:
            for one in body.adapters or ():
                below = os.path.join(folder, "" if one.name == DEFAULT else one.name)
                stored = Stored(event.node, body, one, scene.function)
                self._stored.setdefault(os.path.normpath(below), []).append(stored)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note what is loaded onto which model; a class that loads its base itself fits it."""
        if not event.how.startswith("AutoPeft"):
            self.note(event, scene)

    def note(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note a load whose folder the text says."""
        folder, node = literal(event.source), event.node
        below = subfolder(dict(event.keywords).get("subfolder"))
        if isinstance(folder, str) and below is not None and isinstance(node, ast.Call):
            place = os.path.normpath(os.path.join(folder, below))
            peft = event.how == "load_adapter" and scene.handle(event).kind is Kind.PEFT
            how = f"PeftModel.{event.how}" if peft else event.how
            reload = Reload(node, how, scene.body(event), scene.function)
            self._loads.setdefault(place, {}).setdefault(node, []).append(reload)

    def pairs(self, scene: Scene) -> Iterator[tuple[list[Stored], list[Reload]]]:
        """Yield, for each load from a folder that only adapters are saved in, both sides.

        Models that code out of view has had are not compared, nor folders that it may fill.
        """
        for folder, loads in self._loads.items():
            stored = self._stored.get(folder)
            whole = None in scene.machine.saved.get(folder, [None])
            if not stored or whole or filled(folder, scene):
                continue
            for node, reloads in loads.items():
                bodies = [*(one.body for one in stored), *(one.body for one in reloads)]
                if not any(body.escaped for body in bodies) and not is_guarded(node, scene):
                    yield stored, reloads
