"""Objects that hold settings: training arguments, generation and quantisation settings."""

from __future__ import annotations

from peft_lint.events import SettingsMade
from peft_lint.interpreter.objects import Arguments
from peft_lint.interpreter.values import NOTHING_KNOWN, Ref, Value
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.handles import untouched
from peft_lint.library.registry import method, words

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call


def make_arguments(call: Call, class_name: str) -> Value:
    """Model a class of settings with keywords."""
    complete = call.complete and len(call.args) < 2
    state = Arguments(call.node, class_name, call.keywords, complete)
    call.machine.emit(SettingsMade(call.node, state))
    return call.machine.world.add(state)


def make_training_arguments(call: Call, class_name: str) -> Value:
    """Model `TrainingArguments(output_dir, …)` and its kin."""
    named = call.keywords
    if call.args:
        named = (("output_dir", call.args[0]), *named)
    return make_arguments(call._replace(keywords=named), class_name)


_READERS = words("to_dict to_json_string to_diff_dict to_sanitized_dict save_pretrained")
method(Arguments, *_READERS)(untouched)


@method(Arguments, *words("update set_training set_evaluate set_testing set_save set_optimizer"))
def change(call: Call) -> Value:
    """Model a method that may change any setting."""
    world = call.machine.world
    state = world.state(call.receiver)
    if isinstance(state, Arguments) and isinstance(call.receiver, Ref):
        world.put(call.receiver.id, state._replace(fields=(), complete=False))
    return call.receiver or NOTHING_KNOWN
