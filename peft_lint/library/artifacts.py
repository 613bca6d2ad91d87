"""What an adapter at a path is like: the document saves it there, or its config lies on disk."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping

from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.objects import (
    PEFT_MODELS,
    Adapter,
    Config,
    Fact,
    Handle,
    Kind,
    Weights,
    agreed,
)
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Items,
    Literal,
    Ref,
    Symbol,
    Unknown,
    Value,
    is_given,
    literal,
)
from peft_lint.lean import TYPE_CHECKING, Record
from peft_lint.library.configs import DEFAULT, PROMPT_LEARNING, class_of, dropout, in_place
from peft_lint.library.registry import method

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine


class Artifact(Record):
    """An adapter in a folder: its config, whether it has dropout, and the id of its base.

    `config` is None where it is not known. `without_effect` when it was saved untrained.
    `sure` is False where some path saves a whole model into that folder.
    """

    config: Config | None
    dropout: Fact
    in_place: Fact
    without_effect: bool = False
    base: str | None = None
    sure: bool = True


def read_config(call: Call, class_name: str) -> Value:
    """Model `PeftConfig.from_pretrained(id)` and that of any config class."""
    name = "pretrained_model_name_or_path"
    source = call.get(0, name)
    config = _stored(call, source, find(call, source))
    config = config._replace(source_node=call.node_of(0, name))
    if class_name != "PeftConfig":
        config = config._replace(class_name=class_name)
    return call.machine.world.add(config)


def _stored(call: Call, source: Value | None, found: Artifact | None) -> Config:
    """Return the config that is read from a path."""
    config = found.config if found is not None else None
    return Config(
        call.node,
        None if config is None else config.class_name,
        complete=False,
        source=source or NOTHING_KNOWN,
        stored=None if config is None else _fields(config),
    )


def _fields(config: Config) -> tuple[tuple[str, Value], ...] | None:
    """Return all fields of a config that differ from their defaults, None if more may."""
    if config.stored is not None:
        return (*config.stored, *config.fields)
    return config.fields if config.complete else None


def find(call: Call, path: Value | None) -> Artifact | None:
    """Return what is known of the adapter at the path that a loading call names."""
    folder, below = literal(path), subfolder(call.get(None, "subfolder"))
    if not isinstance(folder, str) or below is None:
        return None
    folder = os.path.normpath(os.path.join(folder, below))
    saved = call.machine.saved.get(folder, [])
    adapters = [one for one in saved if one is not None]
    if adapters:
        return _joined(adapters)._replace(sure=None not in saved)
    content = call.machine.project.adapter_config(folder)
    return None if content is None else _from_file(call, content)


def loaded_adapter(
    call: Call, name: str, path: Value | None, trainable: Fact, training: Fact
) -> Adapter:
    """Return an adapter read from a path, by what is known of it, or as is presumed.

    That is LoRA-like, in place, with an effect, of unknown dropout. In a document that knows of
    prompt learning it may as well be that.
    """
    found = find(call, path)
    prompts = any(name in call.machine.document.text for name in PROMPT_LEARNING)
    adapter = Adapter(
        name=name,
        node=call.node,
        config=None,
        weights=Weights.LOADED,
        trainable=trainable,
        training=training,
        dropout=None,
        in_place=None if prompts else True,
        frozen_by=call.node if trainable is False else None,
        paths=_paths(call, path),
    )
    if found is None:
        return adapter
    prompt = found.in_place is False
    return adapter._replace(
        config=_stored(call, path, found),
        weights=Weights.ZERO if found.without_effect else Weights.LOADED,
        # Nothing freezes the tokens of prompt learning (A4).
        trainable=True if prompt else trainable,
        frozen_by=None if prompt else adapter.frozen_by,
        dropout=found.dropout,
        in_place=not prompt,
    )


def _paths(call: Call, path: Value | None) -> tuple[Value, ...]:
    """Return where an adapter lies that a call loads, if that is known."""
    given = call.get(None, "subfolder")
    below = subfolder(given) if call.complete or given is not None else None
    known = below is not None and call.get(None, "revision") is None
    found = place(path, below) if known and below is not None else None
    return () if found is None else (found,)


def subfolder(given: Value | None) -> str | None:
    """Return the folder that `subfolder=` names, "" where it is not given, None if unknown."""
    folder = literal(given, "" if given is None else None)
    return folder if isinstance(folder, str) else None


def place(path: Value | None, below: str = "") -> Value | None:
    """Return a value that is the same for the same folder, None where it is not known."""
    folder = literal(path)
    if isinstance(folder, str):
        return Literal((os.path.normpath(os.path.join(folder, below)),))
    stable = isinstance(path, Unknown) and path.origin is not None and not _turns(path.origin)
    return path if (stable or isinstance(path, Symbol)) and not below else None


def _turns(origin: Hashable) -> bool:
    """Return whether a value comes from what a loop goes through: each round has another."""
    if not isinstance(origin, tuple):
        return False
    return origin[:1] == ("element",) or any(map(_turns, origin))


def _joined(saved: list[Artifact]) -> Artifact:
    """Return what all saves to one folder agree on."""
    result, *others = saved
    for other in others:
        result = Artifact(
            result.config if result.config == other.config else None,
            agreed(result.dropout, other.dropout),
            agreed(result.in_place, other.in_place),
            result.without_effect and other.without_effect,
            result.base if result.base == other.base else None,
        )
    return result


def _from_file(call: Call, content: Mapping[str, object]) -> Artifact:
    kind, base = content.get("peft_type"), content.get("base_model_name_or_path")
    class_name = class_of(kind) if isinstance(kind, str) else None
    fields = tuple((name, _value(item)) for name, item in content.items())
    config = Config(call.node, class_name, fields)
    base = base if isinstance(base, str) and base else None
    return Artifact(config, dropout(config), in_place(config), base=base)


def _value(item: object) -> Value:
    """Return a value of JSON as the text of a program would give it."""
    if item is None or isinstance(item, (bool, int, float, str)):
        return Literal((item,))
    if isinstance(item, list):
        return Items("list", tuple(map(_value, item)))
    return NOTHING_KNOWN


def save(machine: Machine, ref: Ref, path: Value | None, chosen: Value | None = None) -> None:
    """Note what a model saves into a folder; `chosen` are the adapters that the call names.

    A PeftModel gives each a folder of its own by its name, but for the default one; a model
    that holds its adapters itself saves the active one. None stands for a whole model.
    """
    folder, handle = literal(path), machine.world.handle(ref)
    if handle is None:
        return
    body = machine.world.body(handle)
    base = literal(body.checkpoint)
    adapters = _saved(handle, body.adapters or (), body.active, chosen)
    if adapters and body.adapters:
        places = {one.name: place(path, name) for one, name in adapters}
        now = tuple(_lying(one, places.get(one.name)) for one in body.adapters)
        machine.world.put(handle.body, body._replace(adapters=now))
    if not isinstance(folder, str):
        return
    if not adapters:
        _note(machine, folder, None)
    for adapter, name in adapters:
        artifact = Artifact(
            _unchanged(machine, adapter.config),
            adapter.dropout,
            adapter.in_place,
            adapter.weights is Weights.ZERO,
            base if isinstance(base, str) else None,
        )
        if artifact.config is None and adapter.config is not None:
            artifact = artifact._replace(dropout=None)
        _note(machine, os.path.join(folder, name), artifact)


@method(Config, "save_pretrained")
def save_config(call: Call) -> Value:
    """Model a config that is saved by itself: it keeps its mode, that of an adapter does not."""
    config, folder = call.machine.world.state(call.receiver), literal(call.get(0, "save_directory"))
    if isinstance(config, Config) and isinstance(folder, str):
        kept = _in_mode(config, config.get("inference_mode") or Literal((False,)))
        _note(call.machine, folder, Artifact(kept, dropout(config), in_place(config)))
    return result_of(call.machine, NOTHING_KNOWN, call)


def _lying(adapter: Adapter, path: Value | None) -> Adapter:
    """Return an adapter after it was saved to a path."""
    if path is None or path in adapter.paths:
        return adapter
    return adapter._replace(paths=(*adapter.paths, path))


def _note(machine: Machine, folder: str, artifact: Artifact | None) -> None:
    saved = machine.saved.setdefault(os.path.normpath(folder), [])
    if artifact not in saved:
        saved.append(artifact)


def _saved(
    handle: Handle,
    adapters: tuple[Adapter, ...],
    active: tuple[str, ...] | None,
    chosen: Value | None,
) -> list[tuple[Adapter, str]]:
    """Return the adapters that are saved, with the folders below that of the call."""
    if handle.kind is Kind.PLAIN:
        return [(one, "") for one in adapters if one.native and active == (one.name,)]
    if handle.kind not in PEFT_MODELS:
        return []
    names = {literal(item) for item in chosen.items} if isinstance(chosen, Items) else None
    if names is None and is_given(chosen):
        return []
    return [
        (one, "" if one.name == DEFAULT else one.name)
        for one in adapters
        if names is None or one.name in names
    ]


def _unchanged(machine: Machine, config: Config | None) -> Config | None:
    """Return an adapter's config, None where the code has changed it since: it is saved so."""
    if config is None:
        return None
    states = (state for state in machine.world.heap.values() if isinstance(state, Config))
    changed = any(state.node is config.node and not state.says(config) for state in states)
    return None if changed else _in_mode(config._replace(met=None), Literal((True,)))


def _in_mode(config: Config, mode: Value) -> Config:
    """Return a config as it is saved."""
    fields = tuple(one for one in config.fields if one[0] != "inference_mode")
    return config._replace(fields=(*fields, ("inference_mode", mode)))
