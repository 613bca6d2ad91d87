"""Layers of a head that get an adapter, and that the task type makes PEFT train as a whole."""

from __future__ import annotations

from peft_lint import knowledge
from peft_lint.events import ConfigMade, Wrapped
from peft_lint.interpreter.objects import Config, Kind, Node
from peft_lint.interpreter.values import literal
from peft_lint.library.configs import task_type
from peft_lint.rules.targets import CONFIGS, changes, is_as_built, is_end, is_plain, names_in
from peft_lint.scene import Scene

SAVED = "modules_to_save"
# Its names are known before the adapter is made, those of the other task types only after (A12).
_KNOWN_BEFORE = "SEQ_CLS"


class FirstUses:
    """Tells a config that has met no model: the first one's names are written into it."""

    def __init__(self) -> None:
        self._used: set[Node] = set()

    def made(self, event: ConfigMade) -> None:
        """Take a config for a new one."""
        self._used.discard(event.node)

    def use(self, event: Wrapped) -> bool:
        """Return whether this is a config's first use, and remember it."""
        first = event.config.node not in self._used
        self._used.add(event.config.node)
        return first


def task_of(event: Wrapped, scene: Scene) -> str | None:
    """Return the task type of the PeftModel that an event has made, None where it has none."""
    handle = scene.handle(event)
    found = literal(handle.settings) if handle.kind is Kind.PEFT else None
    return found if isinstance(found, str) else None


def added_names(config: Config, how: str) -> tuple[str, ...]:
    """Return the names that a task type may add to `modules_to_save`; `how` is as in Wrapped."""
    value = task_type(config)
    given = None if value is None else literal(value, ...)
    said = config.complete and how != "PeftModel"
    if said and (given is None or isinstance(given, str)):
        return knowledge.ADDED_BY_TASK_TYPE.get(given or "", ())
    return tuple(name for names in knowledge.ADDED_BY_TASK_TYPE.values() for name in names)


def taken(
    event: Wrapped, task: str, targets: tuple[str, ...] | None, scene: Scene
) -> tuple[str, ...]:
    """Return the linear layers of the head that get an adapter, and are wrapped once more.

    PEFT raises a TypeError for these. `targets` are the ends of names, None for all layers.
    """
    config, before = event.config, event.before
    if not config.complete or config.class_name not in CONFIGS or not is_as_built(before):
        return ()
    heads = knowledge.heads(before.family, before.task)
    added = knowledge.ADDED_BY_TASK_TYPE.get(task, ())
    saved, excluded = names_in(config.get(SAVED)), names_in(config.get("exclude_modules"))
    if heads is None or saved is None or excluded is None or not all(map(is_plain, saved)):
        return ()
    spared = (*saved, *added) if task == _KNOWN_BEFORE else saved
    found = tuple(
        layer
        for layer in heads.linear
        if knowledge.covers(layer, (*saved, *added))
        and (targets is None or any(is_end(name, layer) for name in targets))
        and not any(f".{name}." in f".{layer}." for name in spared)
        and not any(is_end(name, layer) for name in excluded)
    )
    parts = {part for layer in found for part in layer.split(".")}
    return () if found and changes(scene.document, parts) else found
