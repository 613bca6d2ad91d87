"""PEF512: one adapter after the other is merged into one base, and each is meant for itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Enclosed, Inference, Saved
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Node
from peft_lint.interpreter.values import Value
from peft_lint.lean import Record
from peft_lint.names import last_name, variables
from peft_lint.rules.guards import blocks_around
from peft_lint.rules.merging import Merging, inside
from peft_lint.rules.spelled import is_steady, line_of, spelled_at, stored
from peft_lint.scene import Place, Scene
from peft_lint.suspicion import Proposal, Suspicion


class Load(Record):
    """A load onto a base: where it happens, how it spells the base, and where the adapter lies."""

    node: Node
    places: tuple[Place, ...]
    base: ast.expr | None
    source: ast.expr | None
    paths: frozenset[Value]


class Use(Record):
    """A model with an adapter merged in answers or is saved, by the name `model`."""

    node: Node
    model: str
    loops: tuple[ast.AST, ...]


class Rule(Merging):
    """Compares each load with those whose adapters are in the base, and with what was used."""

    def __init__(self) -> None:
        super().__init__()
        self._loads: dict[Node, list[Load]] = {}
        self._uses: dict[Node, list[Use]] = {}
        self._pairs: list[tuple[Load, Load, int]] = []

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Note a save as a use."""
        self.on_inference(event, scene)

    def on_inference(self, event: Saved | Inference, scene: Scene) -> None:
        """Note a use of a model that has adapters merged in."""
        function = event.node.func if isinstance(event.node, ast.Call) else None
        model = function.value if isinstance(function, ast.Attribute) else function
        loops = tuple(loop for where in scene.places(event) for loop in where.loops)
        use = Use(event.node, "" if model is None else ast.unparse(model), loops)
        for one in inside(scene.body(event)):
            uses = self._uses.setdefault(one.node, [])
            if use not in uses:
                uses.append(use)

    def on_enclosed(self, event: Enclosed, scene: Scene) -> None:
        """Look at a load onto a base that has other adapters inside."""
        if event.config is not None:
            return
        made = scene.body(event).made_by(event.node)
        paths = frozenset(path for one in made for path in one.paths)
        load = Load(event.node, scene.places(event), event.base_node, event.source_node, paths)
        for one in inside(event.before):
            uses = len(self._uses.get(one.node, ()))
            firsts = self._loads.get(one.node, ()) if paths.isdisjoint(one.paths) else ()
            self._pairs += [(first, load, uses) for first in firsts]
        self._loads.setdefault(event.node, []).append(load)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report loads that spell the base as the first one did, if the first was for itself."""
        told: set[Node] = set()
        for first, load, count in self._pairs:
            found = _in_rounds(first, load) or _in_sequence(first, load, scene)
            if found is None or load.node in told or not is_steady(load.base, scene):
                continue
            name, loop = found
            uses = () if _is_handling((first, load), scene) else self._uses.get(first.node, ())
            for use in uses[: None if loop else count]:
                if use.model != name and (loop is None or loop in use.loops):
                    told.add(load.node)
                    yield self._suspicion(first, load, use.node)
                    break

    def _suspicion(self, first: Load, load: Load, use: Node) -> Suspicion:
        from peft_lint.rules.rewrapping_fix import ReplaceBase

        merge = self.merges.get(first.node, first.node)
        proposals: tuple[Proposal, ...] = ()
        if isinstance(first.base, (ast.Name, ast.Attribute)):
            title = "Merge each adapter into a copy of the base model"
            fix = ReplaceBase(first.base)
            proposals = (Proposal(title, Applicability.UNSAFE, fix, (first.node,)),)
        return Suspicion(
            code="PEF512",
            severity=Severity.ERROR,
            message="the base model still has the previous adapter merged in",
            anchor=load.node,
            story=(
                (merge, "an adapter is merged into the base model itself here"),
                (use, "the merged model is used by itself here"),
                (load.node, "and the next adapter is put on the same base here"),
            ),
            cause=load.node,
            proposals=proposals,
        )


def _is_handling(loads: tuple[Load, Load], scene: Scene) -> bool:
    """Return whether a load is what is done about an exception."""
    owners = (one for load in loads for at in load.places for one in blocks_around(at.node, scene))
    return any(isinstance(owner, ast.ExceptHandler) for owner in owners)


def _in_rounds(first: Load, load: Load) -> tuple[str, ast.AST] | None:
    """Return what the base is called in the loop that comes to one load again."""
    levels = [level for level, place in enumerate(load.places) if place.loops]
    if first.node is not load.node or not levels:
        return None
    level = levels[-1]
    loop = load.places[level].loops[-1]
    name = spelled_at(load.base, load.places, level)
    if name is None or last_name(name) in stored(loop):
        return None
    # What a helper is given in the loop decides, else the path itself.
    given = load.source if level == len(load.places) - 1 else load.places[level].node
    differs = bool(load.paths and first.paths) or not stored(loop).isdisjoint(variables(given))
    return (ast.unparse(name), loop) if differs else None


def _in_sequence(first: Load, load: Load, scene: Scene) -> tuple[str, None] | None:
    """Return what the base is called in the function that does both, and gives it no new value."""
    for level, (one, two) in enumerate(zip(first.places, load.places, strict=False)):
        if one.function is two.function and one.node is not two.node and first.paths and load.paths:
            names = [spelled_at(each.base, each.places, level) for each in (first, load)]
            lines = [line_of(each.node, scene) for each in (one, two)]
            name = names[0]
            texts = {ast.unparse(name) if name else "" for name in names}
            if name is None or len(texts) > 1 or not lines[0] < lines[1]:
                return None
            changed = stored(one.function or scene.document.tree, *lines)
            return None if last_name(name) in changed else (ast.unparse(name), None)
    return None
