"""What Lightning does to a world: `fit` keeps the modes, the others evaluate and restore (A7)."""

from __future__ import annotations

from peft_lint.events import Trained
from peft_lint.interpreter import calls
from peft_lint.interpreter.call import bare
from peft_lint.interpreter.objects import Handle, Instance, Tool
from peft_lint.interpreter.values import NOTHING_KNOWN, Function, Ref, Value
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.registry import function, method
from peft_lint.library.torch import train_body

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine


@function("lightning.Trainer")
def trainer(call: Call) -> Value:
    """Model Lightning's trainer."""
    return call.machine.world.add(Tool(call.node, "lightning"))


@method(Tool, "fit")
def fit(call: Call) -> Value:
    """Model `fit`: every tracked model of the module is trained, its mode kept."""
    machine = call.machine
    module = call.get(0, "model")
    state = machine.world.state(module)
    if not isinstance(state, Instance):
        return NOTHING_KNOWN
    for value in state.attributes.values():
        handle = machine.world.handle(value)
        if isinstance(handle, Handle) and isinstance(value, Ref):
            train_body(machine, handle)
            machine.emit(Trained(call.node, value.id, "trainer"))
    found = state.cls.find("training_step")
    if isinstance(found, Function):
        calls.call_function(machine, found, bare(machine, found.node), module)
    _mark_evaluation_hooks(machine, state)
    return NOTHING_KNOWN


@method(Tool, "validate", "test", "predict")
def evaluate(call: Call) -> Value:
    """Model an evaluation: eval mode inside, what it was before after (A7)."""
    state = call.machine.world.state(call.get(0, "model"))
    if isinstance(state, Instance):
        _mark_evaluation_hooks(call.machine, state)
    return NOTHING_KNOWN


def _mark_evaluation_hooks(machine: Machine, state: Instance) -> None:
    """Leave out the hooks that Lightning runs in eval mode, whatever the mode around them."""
    for name in ("validation_step", "test_step", "predict_step"):
        found = state.cls.find(name)
        if isinstance(found, Function):
            machine.reached.add(found.node)
