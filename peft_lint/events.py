"""What happened to a model, in the words of the domain; rules subscribe to these."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from peft_lint.interpreter.objects import Config, Node
from peft_lint.interpreter.values import Value


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on one world at `node`, to the handle with the id `handle`."""

    node: Node
    handle: int

    @property
    def name(self) -> str:
        """The name by which rules subscribe: `on_<name>`."""
        return _NAMES[type(self)]


@dataclass(frozen=True, slots=True)
class Wrapped(Event):
    """A fresh adapter was put on a body: `get_peft_model`, `add_adapter`, `peft_config=`.

    `base` is the handle that was wrapped. `base_node` and `config_node` are the arguments as
    the call spells them, None where it does not. `how` is the function's name. `carried`
    are the other keywords of the call.
    """

    base: int
    config: Config
    base_node: ast.expr | None
    config_node: ast.expr | None
    how: str
    fresh_base: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class AdapterLoaded(Event):
    """An adapter's trained weights were put on the body."""


@dataclass(frozen=True, slots=True)
class EvalCalled(Event):
    """`.eval()` was called."""


@dataclass(frozen=True, slots=True)
class Trained(Event):
    """Weights of the body changed or may have: a trainer ran, or `backward` did.

    `how` is "trainer" or "backward".
    """

    how: str


@dataclass(frozen=True, slots=True)
class Inference(Event):
    """A model answered without being trained.

    `how` is "generate", "forward" or "pipeline". `receiver` is the expression whose method
    or call it is. `sampling` tells whether tokens are drawn at random, None if unknown.
    `streams` when a streamer shows the answer to a person.
    """

    how: str
    receiver: ast.expr | None
    sampling: bool | None
    streams: bool = False


@dataclass(frozen=True, slots=True)
class Merged(Event):
    """The adapters were merged into the base."""


@dataclass(frozen=True, slots=True)
class Saved(Event):
    """The model was saved or pushed; `path` is where to, if the call says."""

    path: Value | None
    how: str


@dataclass(frozen=True, slots=True)
class ParametersTouched(Event):
    """The code went through the parameters, or froze or saved them, by itself."""


_NAMES: dict[type[Event], str] = {
    Wrapped: "wrapped",
    AdapterLoaded: "adapter_loaded",
    EvalCalled: "eval_called",
    Trained: "trained",
    Inference: "inference",
    Merged: "merged",
    Saved: "saved",
    ParametersTouched: "parameters_touched",
}
