"""States of tracked objects: frozen, replaced on change, so that worlds can share them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from enum import Enum

from peft_lint.interpreter.values import ClassValue, Entries, Items, Literal, Value, contained
from peft_lint.lean import Record

Node = ast.expr | ast.stmt
Steps = tuple[tuple[Node, str], ...]
# True, False, or None: the text does not say.
Fact = bool | None


class Weights(Enum):
    """Where an adapter's weights come from."""

    ZERO = "fresh, without effect"
    FRESH = "fresh"
    TRAINED = "trained"
    LOADED = "loaded"
    UNKNOWN = "unknown"


class Kind(Enum):
    """What a handle is to its body."""

    PLAIN = "plain model"
    PEFT = "PeftModel"
    MIXED = "PeftMixedModel"
    TUNER = "tuner of a PeftModel"
    WRAPPER = "wrapper"
    PIPELINE = "pipeline"


# PEFT's own models, and these with the tuner inside one.
PEFT_MODELS = (Kind.PEFT, Kind.MIXED)
PEFT_PARTS = (*PEFT_MODELS, Kind.TUNER)


class Config(Record):
    """An adapter config: `LoraConfig(...)`, or one read from a checkpoint.

    `class_name` is None where the text does not say the type. `fields` are the known ones;
    `complete` when no other was passed. `source` is the checkpoint it was read from, with
    the argument's node; None for a config written in the text. `stored` are all fields of
    that checkpoint's config, None where they are not known. `edited` names attributes
    assigned since, `reported` that the code shows all of its values to a person, `escaped`
    that code out of view has had it. `met` is the call that last put it on a model, with the
    model's family: what it left open was filled in for that one.
    """

    node: ast.Call
    class_name: str | None
    fields: tuple[tuple[str, Value], ...] = ()
    complete: bool = True
    source: Value | None = None
    source_node: ast.expr | None = None
    stored: tuple[tuple[str, Value], ...] | None = None
    edited: tuple[str, ...] = ()
    reported: bool = False
    escaped: bool = False
    met: tuple[Node, str | None] | None = None

    @property
    def is_written(self) -> bool:
        """Whether the text says all of it: no field comes from a checkpoint or from out of view."""
        return self.complete and self.source is None and not self.escaped

    def get(self, name: str) -> Value | None:
        """Return a field's value, None where it was not given."""
        return next((value for key, value in reversed(self.fields) if key == name), None)

    def expression(self, name: str) -> ast.expr | None:
        """Return the expression that gives a field its value, None where the text has none.

        That is the keyword's in the call; else what the value itself was written as.
        """
        if name not in self.edited:
            for word in self.node.keywords:
                if word.arg == name:
                    return word.value
        value = self.get(name)
        return value.node if isinstance(value, (Literal, Items, Entries)) else None

    def leads_to(self) -> tuple[int, ...]:
        """Return no objects: it holds none."""
        return ()

    def says(self, other: Config) -> bool:
        """Return whether it says the same as another, whichever models they met."""
        return self._replace(met=None) == other._replace(met=None)

    def with_attribute(self, name: str, value: Value) -> Config:
        """Return the config after `config.name = value`."""
        fields = (*self.fields, (name, value))
        return self._replace(fields=fields, edited=(*self.edited, name), met=None)


class Adapter(Record):
    """One named adapter of a body.

    `training` is the mode of its own dropout, `dropout` whether that is above zero.
    `in_place` is False for prompt learning, which leaves the body's modules alone.
    `native` when the model holds it by itself, without a PeftModel around it.
    `frozen_by` is the step that froze it, None for one that only is not active. `paths` are
    where it lies: what it was loaded from and saved to, as far as known.
    """

    name: str
    node: Node
    config: Config | None
    weights: Weights
    trainable: Fact
    training: Fact
    dropout: Fact
    merged: Fact = False
    in_place: Fact = True
    native: bool = False
    frozen_by: Node | None = None
    paths: tuple[Value, ...] = ()

    def __eq__(self, other: object) -> bool:
        # Where an adapter lies keeps no two worlds apart.
        return isinstance(other, Adapter) and self[:-1] == other[:-1]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.name, self.node))


class Body(Record):
    """What several variables share when PEFT wraps in place.

    `training` is the mode of the base modules, `dropout` whether they hold any above zero.
    `checkpoint` is the id it was loaded from, None when built from a config or unknown.
    `arguments` are the keywords of the call that made it, `complete` when it is just what they
    say: no other keyword, and no module out of view in its place. `adapters` is None once nothing
    is known of them, `active` likewise. `others` is whether parameters besides those of the
    adapters can be trained. `mode_call` is the explicit `.train()` that last set the mode,
    until training happens. `state_dict_by` is the statement that replaced the model's method
    of that name, `resized` the call that last gave it another vocabulary. `merged` are the
    adapters that are in the base for good. `cast` is what last changed the dtype of weights,
    and to which one all of them, None where the text does not say.
    """

    node: Node
    model_class: str | None = None
    checkpoint: Value | None = None
    family: str | None = None
    task: str | None = None
    arguments: tuple[tuple[str, Value], ...] = ()
    complete: bool = True
    training: Fact = None
    dropout: Fact = None
    quantised: Fact = False
    adapters: tuple[Adapter, ...] | None = ()
    active: tuple[str, ...] | None = ()
    enabled: Fact = True
    others: Fact = True
    escaped: bool = False
    trained: Fact = False
    mode_call: Node | None = None
    state_dict_by: ast.stmt | None = None
    resized: Node | None = None
    merged: tuple[Adapter, ...] = ()
    cast: tuple[Node, str | None] | None = None
    steps: Steps = ()

    def __eq__(self, other: object) -> bool:
        # How a body got into its state, and its dtype, keep no two worlds apart.
        return isinstance(other, Body) and self[:-2] == other[:-2]

    def __hash__(self) -> int:
        return hash(self.node)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def leads_to(self) -> tuple[int, ...]:
        """Return no objects: handles lead to a body, not back."""
        return ()

    def adapter(self, name: str) -> Adapter | None:
        """Return the adapter called `name`."""
        return next((one for one in self.adapters or () if one.name == name), None)

    def made_by(self, node: Node) -> list[Adapter]:
        """Return the adapters that a call has made or loaded."""
        return [one for one in self.adapters or () if one.node is node]

    def active_adapters(self) -> tuple[Adapter, ...]:
        """Return the adapters that act on a forward, as far as known."""
        if self.active is None or self.enabled is False:
            return ()
        return tuple(one for one in self.adapters or () if one.name in self.active)

    def switched(self, on: Fact) -> Body:
        """Return the body after all adapters were switched on or off.

        Either decides what is trainable: the active adapters, or none (A6).
        """
        trainable = None if on is None else self.active if on else ()
        return self._replace(enabled=on, adapters=self._activated(trainable))

    def activated(self, names: tuple[str, ...] | None) -> Body:
        """Return the body after these adapters, and no others, became active and trainable."""
        return self._replace(active=names, adapters=self._activated(names))

    def _activated(self, names: tuple[str, ...] | None) -> tuple[Adapter, ...] | None:
        if self.adapters is None:
            return None
        return tuple(
            one._replace(trainable=None if names is None else one.name in names, frozen_by=None)
            for one in self.adapters
        )


class Handle(Record):
    """One object that stands for a body.

    `training` is its own top flag. `inner` is the id of the handle that it wraps.
    `settings` is the PEFT task type it was made with or the class of a wrapper, as a literal, or
    the keywords of a pipeline.
    """

    body: int
    kind: Kind
    node: Node
    training: Fact = None
    inner: int | None = None
    settings: Value | None = None

    def leads_to(self) -> tuple[int, ...]:
        """Return the body, the handle inside, and the settings."""
        inner = () if self.inner is None else (self.inner,)
        settings = () if self.settings is None else contained(self.settings)
        return (self.body, *inner, *settings)


class Arguments(Record):
    """Training arguments or a generation config: a class of a library with keywords."""

    node: ast.Call
    class_name: str
    fields: tuple[tuple[str, Value], ...] = ()
    complete: bool = True

    def get(self, name: str) -> Value | None:
        """Return a keyword's value, None where it was not given."""
        return next((value for key, value in reversed(self.fields) if key == name), None)

    def leads_to(self) -> tuple[int, ...]:
        """Return no objects: it holds none."""
        return ()


class Trainer(Record):
    """A trainer that drives a model: `handle` is what `trainer.model` is."""

    node: ast.Call
    class_name: str
    handle: int | None
    arguments: Value | None = None
    library: str = "transformers"
    callbacks: Value | None = None
    optimizers: Value | None = None

    def leads_to(self) -> tuple[int, ...]:
        """Return the model, the training arguments, the callbacks and the optimizers."""
        handle = () if self.handle is None else (self.handle,)
        values = (self.arguments, self.callbacks, self.optimizers)
        held = (value for value in values if value is not None)
        return (*handle, *(number for value in held for number in contained(value)))


class Parameters(Record):
    """Parameters of one model in an optimizer.

    `handle` is the model that they were drawn from. `adapters` are the nodes of the adapters
    that may have some among them, None where the text does not say. `whole` when they were
    drawn from all of the model. `left_out` are adapters that were frozen, where only such
    parameters were drawn that could be trained.
    """

    handle: int
    adapters: tuple[Node, ...] | None
    whole: bool
    left_out: tuple[Node, ...] = ()


class Optimizer(Record):
    """An optimizer: what it can change; `complete` when that is all of it."""

    node: ast.Call
    held: tuple[Parameters, ...]
    complete: bool

    def __eq__(self, other: object) -> bool:
        # Which class of optimizers it is of keeps no two worlds apart.
        return isinstance(other, Optimizer) and self[1:] == other[1:]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[1:])

    def leads_to(self) -> tuple[int, ...]:
        """Return no objects: whoever has it can change weights, and not which there are."""
        return ()


class Tool(Record):
    """An object whose only interest is what it is, such as an accelerator."""

    node: ast.Call
    kind: str
    handles: tuple[int, ...] = ()
    fields: tuple[tuple[str, Value], ...] = ()

    def leads_to(self) -> tuple[int, ...]:
        """Return the models it works with."""
        inner = (number for _, value in self.fields for number in contained(value))
        return (*self.handles, *inner)


class Instance(Record):
    """An object of a class of this document.

    `tracked` has the attributes that lead to objects, with the ids of these. `native` is the
    library object that its library base class made of it, if any. `open` when any attribute may
    have been set in a way that the text does not show: those of its class say nothing any more.
    """

    cls: ClassValue
    node: Node
    attributes: Mapping[str, Value] = {}
    tracked: Mapping[str, tuple[int, ...]] = {}
    native: int | None = None
    open: bool = False

    def leads_to(self) -> tuple[int, ...]:
        """Return what its attributes hold, and its library part."""
        native = () if self.native is None else (self.native,)
        return (*native, *(number for numbers in self.tracked.values() for number in numbers))

    def get(self, name: str) -> Value | None:
        """Return an attribute of the object itself."""
        return self.attributes.get(name)

    def with_attribute(self, name: str, value: Value) -> Instance:
        """Return the state after `self.name = value`."""
        return self.with_attributes({**self.attributes, name: value})

    def with_attributes(self, attributes: Mapping[str, Value]) -> Instance:
        """Return the state with these attributes."""
        found = ((name, contained(value)) for name, value in attributes.items())
        tracked = {name: numbers for name, numbers in found if numbers}
        return self._replace(attributes=attributes, tracked=tracked)

    def opened(self) -> Instance:
        """Return the state after attributes were set out of view; objects stay within reach."""
        kept = {name: self.attributes[name] for name in self.tracked}
        return self._replace(attributes=kept, open=True)


State = Body | Handle | Config | Arguments | Trainer | Optimizer | Tool | Instance


def above_zero(value: Value | None, default: float = 0.0) -> Fact:
    """Return whether a number of the text is above zero; absent means `default`."""
    if value is None:
        return default > 0
    if isinstance(value, Literal):
        answers = {isinstance(item, (int, float)) and item > 0 for item in value.values}
        return answers.pop() if len(answers) == 1 else None
    return None


def uncertain(body: Body) -> Body:
    """Return the body after code out of view has had it: only its identity is left."""
    return body._replace(
        training=None,
        adapters=None
        if body.adapters is None
        else tuple(
            one._replace(
                weights=Weights.UNKNOWN,
                trainable=None,
                training=None,
                merged=None,
                frozen_by=None,
                paths=(),
            )
            for one in body.adapters
        ),
        active=None,
        enabled=None,
        others=None,
        trained=None,
        mode_call=None,
        state_dict_by=None,
        merged=(),
        escaped=True,
    )


def agreed(left: Fact, right: Fact) -> Fact:
    """Return what two worlds agree on."""
    return left if left == right else None
