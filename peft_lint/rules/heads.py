"""Which modules of a head a config leaves out, and how sure it is that they are new."""

from __future__ import annotations

import os

from peft_lint import knowledge
from peft_lint.events import Wrapped
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Body, Config
from peft_lint.interpreter.values import Symbol, Value, is_given, literal
from peft_lint.scene import Scene

# Here `task_type` adds nothing: only a task's PeftModel class does (A12).
WITHOUT_TASK = ("add_adapter", "inject_adapter_in_model")


_TASK_TYPES = (*knowledge.TASK_TYPES.values(), "FEATURE_EXTRACTION")


_NEW = ("num_labels", "id2label", "label2id")


def added_by_task(event: Wrapped, config: Config, scene: Scene) -> tuple[str, ...] | None:
    """Return what the task type adds to `modules_to_save`, None when it is not known.

    Where the class of a task is called itself, it adds what its type would.
    """
    value = config.get("task_type")
    if event.how == "PeftModel":
        value = scene.handle(event).settings
    if not is_given(value):
        return ()
    name = task_type_of(value)
    if name not in _TASK_TYPES:
        return None
    return () if event.how in WITHOUT_TASK else knowledge.ADDED_BY_TASK_TYPE.get(name, ())


def task_type_of(value: Value) -> str | None:
    """Return the task type that a config's field says, as text or as `TaskType.X`."""
    if isinstance(value, Symbol):
        return value.name.rpartition(".")[2]
    text = literal(value)
    return text if isinstance(text, str) else None


def reported_heads(body: Body, scene: Scene) -> tuple[str, ...] | None:
    """Return the new modules that a notebook's saved output names, None where it names none."""
    checkpoint = literal(body.checkpoint)
    origin = checkpoint if isinstance(checkpoint, str) else None
    text = scene.document.output(None if origin else body.node.lineno)
    if not text or not body.task:
        return None
    # Only a notebook has printed something.
    from peft_lint.knowledge import loads

    return loads.reported_heads(text, body.task, origin)


def how_new(body: Body, reported: tuple[str, ...] | None) -> Severity | None:
    """Return how sure it is that the head is new: error, warning, or None for silence."""
    if body.task is None or body.checkpoint is None or body.trained is not False:
        return None
    if reported is not None:
        return Severity.ERROR if reported else None
    given = dict(body.arguments)
    checkpoint = literal(body.checkpoint)
    fresh = knowledge.fresh_heads(checkpoint, body.task) if isinstance(checkpoint, str) else None
    if literal(given.get("ignore_mismatched_sizes")) is True:
        return Severity.ERROR
    if fresh is not None:
        return Severity.ERROR if fresh else None
    if isinstance(checkpoint, str) and _is_of_training(checkpoint):
        return None
    return Severity.WARNING if any(name in given for name in _NEW) else None


def _is_of_training(path: str) -> bool:
    """Return whether a folder has the name that a trainer gives to its checkpoints."""
    kind, _, step = os.path.basename(os.path.normpath(path)).rpartition("-")
    return kind == "checkpoint" and step.isdigit()


def left_out(
    body: Body, names: tuple[str, ...], reported: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """Return the head modules that `names` leave out; () when their names are not known.

    None when nothing is left out, or nothing is known of it.
    """
    checkpoint = literal(body.checkpoint)
    fresh = reported
    if fresh is None and isinstance(checkpoint, str) and body.task is not None:
        fresh = knowledge.fresh_heads(checkpoint, body.task) or None
    if fresh is None:
        heads = knowledge.heads(body.family, body.task)
        fresh = heads.modules if heads else None
    if fresh is None:
        # Any class of these tasks has a head, and nothing at all is named.
        return () if not names and body.task in knowledge.TASK_TYPES and _has_head(body) else None
    left = tuple(name for name in fresh if not knowledge.covers(name, names))
    return left or None


def _has_head(body: Body) -> bool:
    fitting = knowledge.TASK_TYPES.get(body.task or "", "")
    return fitting in knowledge.ADDED_BY_TASK_TYPE
