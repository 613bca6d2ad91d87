"""PEF505: a merged model and its adapter come together again: in one folder, or by a load."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator

from peft_lint.events import AdapterLoaded, Enclosed, Saved
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Body, Kind, Node
from peft_lint.interpreter.values import Value, literal
from peft_lint.lean import Record
from peft_lint.library.artifacts import place
from peft_lint.rules.folders import emptied
from peft_lint.rules.merging import Merging, shared
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion


class Save(Record):
    """A whole model is saved into a folder, with the adapters that are merged into it."""

    node: Node
    merged: tuple[Adapter, ...]
    keywords: frozenset[str]


class Load(Record):
    """An adapter, `new`, is loaded onto a model that was itself loaded from `origin`."""

    new: Adapter
    origin: Value
    before: Body
    base: ast.expr | None


class Rule(Merging):
    """Compares where whole models are saved with where the adapters lie that they have inside."""

    def __init__(self) -> None:
        super().__init__()
        self._saves: dict[Value, list[Save]] = {}
        self._loads: dict[Node, Load] = {}

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Note what goes into which folder."""
        if not event.in_folder:
            return
        super().on_saved(event, scene)
        body, path = scene.body(event), place(event.path)
        if scene.handle(event).kind is Kind.PLAIN and not body.adapters and path is not None:
            words = frozenset(name for name, _ in event.keywords)
            self._saves.setdefault(path, []).append(Save(event.node, body.merged, words))

    def on_enclosed(self, event: Enclosed, scene: Scene) -> None:
        """Note a load that puts a PeftModel around a base."""
        if event.config is None:
            self._note(event, event.before, event.base_node, scene)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note a load by the plain model's own method."""
        if event.how == "load_adapter" and scene.handle(event).kind is Kind.PLAIN:
            self._note(event, scene.body(event), None, scene)

    def _note(
        self, event: Enclosed | AdapterLoaded, before: Body, base: ast.expr | None, scene: Scene
    ) -> None:
        origin = place(before.checkpoint)
        known = before.complete and not any(
            name in ("subfolder", "revision") for name, _ in before.arguments
        )
        if origin is not None and known and not before.escaped:
            for one in scene.body(event).made_by(event.node):
                self._loads.setdefault(one.node, Load(one, origin, before, base))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report saves over the adapter, and loads onto what has the adapter merged in."""
        if scene.machine.target.at_least("transformers", "5.0") and not emptied(scene):
            for path, saves in self._saves.items():
                for save in saves:
                    inside = [one for one in save.merged if path in one.paths]
                    if (
                        inside
                        and "state_dict" not in save.keywords
                        and self._is_folder(path, scene)
                    ):
                        yield self._over(save, inside[0], path)
        for load in self._loads.values():
            saves = self._saves.get(load.origin, [])
            pairs = [shared(save.merged, load.new) for save in saves]
            first = pairs[0] if all(pairs) and pairs else None
            if first and not self.may_differ(load.new.paths[0], first.node, scene):
                yield self._onto(load, saves[0], first)

    def _is_folder(self, path: Value, scene: Scene) -> bool:
        """Return whether an adapter surely lies in a folder: an id on the hub looks the same."""
        folder = literal(path)
        if path in self.owners or not isinstance(folder, str):
            return path in self.owners
        local = os.path.isabs(folder) or folder.startswith("..") or folder.count("/") != 1
        return local or scene.machine.project.adapter_config(folder) is not None

    def _over(self, save: Save, adapter: Adapter, path: Value) -> Suspicion:
        from peft_lint.rules.saving.merged_model_over_adapter_fix import SaveBelow

        title = "Save the merged model into a folder of its own"
        fix = Proposal(title, Applicability.UNSAFE, SaveBelow(), (save.node,))
        step = (adapter.node, "the adapter is loaded from this folder here")
        first = self.owners.get(path, {}).get(adapter.node)
        if first is not None:
            step = (first, "the adapter is saved into this folder here")
        merge = self.merges.get(adapter.node, adapter.node)
        return Suspicion(
            code="PEF505",
            severity=Severity.ERROR,
            message="the merged model is saved over its adapter: loaded again, it has it twice",
            anchor=save.node,
            story=(
                step,
                (merge, "and merged into the base model here"),
                (save.node, "and the merged model is saved beside it here"),
            ),
            cause=save.node,
            proposals=(fix,),
        )

    def _onto(self, load: Load, save: Save, adapter: Adapter) -> Suspicion:
        from peft_lint.rules.loading.adapter_applied_twice_fix import UseMerged

        title = "Use the model that has the adapter merged in"
        visitor = UseMerged(load.base)
        fix = Proposal(title, Applicability.UNSAFE, visitor, (load.new.node,))
        merge = self.merges.get(adapter.node, adapter.node)
        return Suspicion(
            code="PEF505",
            severity=Severity.ERROR,
            message="the adapter is loaded onto the model that it was merged into and saved with",
            anchor=load.new.node,
            story=(
                (merge, "the adapter is merged into the base model here"),
                (save.node, "the merged model is saved here"),
                (load.before.node, "and loaded here"),
                (load.new.node, "and the same adapter is put on top of it here"),
            ),
            cause=load.new.node,
            proposals=(fix,),
        )
