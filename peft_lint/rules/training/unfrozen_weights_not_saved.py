"""PEF420: parts of the base are unfrozen by hand and trained, and only the adapter is saved."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import (
    Escaped,
    Merged,
    ParametersTouched,
    Saved,
    StateDictRead,
    Stepped,
    Trained,
    WeightsRead,
)
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Config, Kind, Node
from peft_lint.interpreter.values import Items, Literal, literal
from peft_lint.lean import Record
from peft_lint.rules.unfreezing import chooses_or_saves, unfrozen_part
from peft_lint.rules.vocabulary import EMBEDDINGS
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import AddKeyword

# Heads that a task type saves by itself.
_HEADS = frozenset({"classifier", "score", "qa_outputs", "pre_classifier"})


class Unfrozen(Record):
    """Where a part of a model is unfrozen: its name, and the adapter that is saved without it."""

    node: Node
    part: str
    adapter: Adapter


class Rule:
    """Follows parts of a base from where they are unfrozen to where the adapter is saved."""

    def __init__(self) -> None:
        self._unfrozen: dict[Node, list[Unfrozen]] = {}
        self._trained: dict[Node, Node] = {}
        self._found: dict[Node, tuple[Unfrozen, Node, Node]] = {}
        self._otherwise = False

    def on_parameters_touched(self, event: ParametersTouched, scene: Scene) -> None:
        """Note a part that is unfrozen; what is frozen again is no longer trained."""
        body = scene.body(event)
        part = unfrozen_part(event.node, scene)
        adapters = body.adapters or ()
        if part is None or body.escaped or not adapters:
            self._unfrozen.pop(body.node, None)
            # Weights that were drawn from the model go into a file.
            self._otherwise |= isinstance(event.node, ast.Call) and event.on is None
        elif all(_leaves_out(one.config, part) for one in adapters):
            known = self._unfrozen.setdefault(body.node, [])
            if event.node not in [one.node for one in known]:
                known.append(Unfrozen(event.node, part, adapters[0]))

    def on_trained(self, event: Trained | Stepped, scene: Scene) -> None:
        """Note where it is trained: by a trainer, or by an optimizer of all that can be."""
        if isinstance(event, Stepped) or event.trainer is not None:
            body = scene.body(event)
            for one in self._unfrozen.get(body.node, ()):
                self._trained.setdefault(one.node, event.node)

    on_stepped = on_trained

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Suspect a save of the adapter; a save of all weights has the part as well."""
        handle, body = scene.handle(event), scene.body(event)
        other = handle.kind is not Kind.PEFT or not event.by_method or body.escaped
        if other or {"state_dict", "save_embedding_layers"} & set(dict(event.keywords)):
            self._otherwise = True
        else:
            for one in self._unfrozen.get(body.node, ()):
                run = self._trained.get(one.node)
                # What has another size is saved with the adapter.
                resized = body.resized is not None and one.part in EMBEDDINGS
                if run is not None and not resized:
                    self._found.setdefault(one.node, (one, run, event.node))

    def on_merged(
        self, event: Merged | StateDictRead | WeightsRead | Escaped, scene: Scene
    ) -> None:
        """The part may be kept another way."""
        self._otherwise = True

    on_state_dict_read = on_weights_read = on_escaped = on_merged

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found, unless the document keeps weights in any other way."""
        if not self._found or self._otherwise or chooses_or_saves(scene.document):
            return
        for one, run, save in self._found.values():
            if scene.assigns(one.part):
                continue
            config = one.adapter.config
            assert config is not None
            yield Suspicion(
                code="PEF420",
                severity=Severity.ERROR,
                message=f"{one.part} is unfrozen by hand, and is not saved with the adapter",
                anchor=one.node,
                story=(
                    (one.adapter.node, "the model has its adapter from here on"),
                    (one.node, f"{one.part}, a part of the base, is unfrozen here"),
                    (run, "it is trained here"),
                    (save, "and here the adapter is saved without it"),
                ),
                cause=one.node,
                proposals=_proposals(config, one.part, scene),
            )


def _leaves_out(config: Config | None, part: str) -> bool:
    """Return whether an adapter of this config surely neither changes nor saves a part."""
    if config is None or not config.is_written:
        return False
    if part in _HEADS and config.get("task_type") is not None:
        return False
    if literal(config.get("bias"), "none" if config.get("bias") is None else None) != "none":
        return False
    for field in ("modules_to_save", "target_modules"):
        value = config.get(field)
        if value is None or literal(value, ...) in (None, "all-linear"):
            continue
        if not isinstance(value, Items) or not value.exact:
            return False
        names = [literal(one) for one in value.items if isinstance(one, Literal)]
        if len(names) < len(value.items) or any(
            part in str(one) or str(one) in part for one in names
        ):
            return False
    return config.get("trainable_token_indices") is None


def _proposals(config: Config, part: str, scene: Scene) -> tuple[Proposal, ...]:
    given = [word.arg for word in config.node.keywords]
    if "modules_to_save" in given or None in given or scene.symbol(config.node.func) is None:
        return ()
    visitor = AddKeyword("modules_to_save", f'["{part}"]')
    title = f"Let the adapter train and save {part}"
    return (Proposal(title, Applicability.UNSAFE, visitor, (config.node,)),)
