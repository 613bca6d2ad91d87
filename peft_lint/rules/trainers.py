"""What a trainer is given, as several rules ask for it."""

from __future__ import annotations

import ast

from peft_lint.events import Trained, TrainerMade
from peft_lint.interpreter.objects import Arguments, Instance, Node, Trainer
from peft_lint.interpreter.values import (
    ClassValue,
    Entries,
    Items,
    Literal,
    Unknown,
    Value,
    is_given,
    literal,
)
from peft_lint.library.registry import canonical
from peft_lint.scene import Scene
from peft_lint.versions.specifier import key

# With these a checkpoint is loaded in another way.
_OTHER_WAYS = ("deepspeed", "fsdp", "fsdp_config")
# Whoever asks for it may load the best checkpoint himself.
_BEST = "best_model_checkpoint"
# A trainer of the project that has one of these may write or read it in another way.
_METHODS = frozenset({"_load_best_model", "_save", "_save_checkpoint", "save_model"})
# Where a callback meets the model between two steps, or before the first of them.
_HOOKS = (
    "on_init_end",
    "on_train_begin",
    "on_epoch_begin",
    "on_step_begin",
    "on_pre_optimizer_step",
    "on_optimizer_step",
    "on_substep_end",
    "on_step_end",
    "on_epoch_end",
)


def settings_of(event: TrainerMade, scene: Scene) -> Arguments | None:
    """Return the training arguments, None where there are none in view."""
    named = dict(event.keywords).get("args")
    states = map(scene.world.state, event.args if named is None else (named,))
    return next((one for one in states if isinstance(one, Arguments)), None)


def given(event: TrainerMade, name: str) -> bool:
    """Return whether a trainer may get this argument, by its name, and not None."""
    value = dict(event.keywords).get(name)
    return not event.complete if value is None else literal(value, ...) is not None


def release_of_trl(event: TrainerMade, scene: Scene) -> str | None:
    """Return the newest TRL in question: of the project, and with a trainer that takes the call.

    Keywords of an older trainer, or of older settings, tell for which releases code was written.
    None where the project does not allow these.
    """
    from peft_lint.knowledge.calls import newest_taking
    from peft_lint.knowledge.configs import newest_having

    given = frozenset(name for name, _ in event.keywords)
    newest = [newest_taking("trl", f"{event.class_name}.__init__", given)]
    state = settings_of(event, scene)
    if state is not None:
        newest.append(newest_having(state.class_name, frozenset(dict(state.fields))))
    target = scene.machine.target
    release = min([target.release("trl"), *filter(None, newest)], key=key)
    span = target.span("trl")
    return release if span is None or key(span[0]) <= key(release) else None


def spelled(settings: Arguments, name: str) -> Node:
    """Return where the text writes a setting, else the call that makes the settings."""
    if sum(key == name for key, _ in settings.fields) == 1:
        for word in settings.node.keywords:
            if word.arg == name:
                return word.value
    # It was assigned afterwards, or comes from a dict.
    value = settings.get(name)
    node = value.node if isinstance(value, (Literal, Items, Entries)) else None
    return node or settings.node


def maker(value: Value | None, scene: Scene) -> tuple[str, ast.Call] | None:
    """Return the name of the library's class that made something, with the call."""
    origin = value.origin if isinstance(value, Unknown) else None
    node = origin[1] if isinstance(origin, tuple) and origin[0] == "here" else None
    name = scene.symbol(node.func) if isinstance(node, ast.Call) else None
    return (canonical(name), node) if name is not None and isinstance(node, ast.Call) else None


def own_classes(event: Trained, scene: Scene) -> list[ClassValue]:
    """Return the document's own classes that the trainer of a run is an instance of."""
    states = scene.world.heap.values()
    return [one.cls for one in states if isinstance(one, Instance) and one.native == event.trainer]


def has_optimizer(trainer: Trainer) -> bool:
    """Return whether a trainer may be given an optimizer, not make its own."""
    return is_given(trainer.optimizers)


def loads_by_hand(scene: Scene) -> bool:
    """Return whether the document may write or load the best checkpoint by itself."""
    return any(map(_loads, scene.document.nodes))


def _loads(node: ast.AST) -> bool:
    if isinstance(node, ast.ClassDef) and node.bases:
        return any(isinstance(one, ast.FunctionDef) and one.name in _METHODS for one in node.body)
    if isinstance(node, ast.Attribute):
        replaced = node.attr == "save_pretrained" and isinstance(node.ctx, ast.Store)
        return node.attr == _BEST or replaced
    return isinstance(node, ast.Constant) and node.value == _BEST


def keeps_checkpoints(settings: Arguments, trainer: Trainer, scene: Scene) -> bool:
    """Return whether the trainer alone writes and reads the checkpoints."""
    others = (settings.get(name) for name in _OTHER_WAYS)
    if any(value is not None and literal(value, ...) not in (None, "") for value in others):
        return False
    return has_library_callbacks(trainer, scene)


def has_library_callbacks(trainer: Trainer, scene: Scene) -> bool:
    """Return whether a trainer surely has no callbacks but those of transformers."""
    found = _callbacks(trainer)
    return found is not None and all(_is_librarys(item, scene) for item in found)


def acts_by_itself(trainer: Trainer, scene: Scene) -> bool:
    """Return whether a callback or an optimizer may change the model of a run by itself."""
    if has_optimizer(trainer):
        return True
    found = _callbacks(trainer)
    return found is None or any(_acts(item, scene) for item in found)


def _callbacks(trainer: Trainer) -> tuple[Value, ...] | None:
    """Return the callbacks of a trainer, None where the text does not say them all."""
    callbacks = trainer.callbacks
    if not is_given(callbacks):
        return ()
    return callbacks.items if isinstance(callbacks, Items) and callbacks.exact else None


def may_unfreeze(trainer: Trainer, scene: Scene) -> bool:
    """Return whether a callback of the document may unfreeze what the optimizer will change.

    A trainer that makes its own takes what can be trained when it is made itself.
    """
    hooks = _HOOKS if has_optimizer(trainer) else ("on_init_end",)
    classes = (_class_of(item, scene) for item in _callbacks(trainer) or ())
    return any(
        isinstance(cls, ClassValue) and any(cls.find(name) is not None for name in hooks)
        for cls in classes
    )


def _class_of(callback: Value, scene: Scene) -> Value:
    state = scene.world.state(callback)
    return state.cls if isinstance(state, Instance) else callback


def _acts(callback: Value, scene: Scene) -> bool:
    """Return whether a callback may do something to the model before or between the steps."""
    cls = _class_of(callback, scene)
    if not isinstance(cls, ClassValue):
        return not _is_librarys(callback, scene)
    bases = cls.library_bases()
    ours = bool(bases) and all(base.partition(".")[0] == "transformers" for base in bases)
    return not ours or any(cls.find(name) is not None for name in _HOOKS)


def _is_librarys(callback: Value, scene: Scene) -> bool:
    made = maker(callback, scene)
    return made is not None and made[0].partition(".")[0] == "transformers"
