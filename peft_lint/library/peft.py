"""PEFT's names: which model belongs to a class of a family, and to small functions."""

from __future__ import annotations

from functools import partial

from peft_lint.events import Prepared
from peft_lint.interpreter.objects import Weights
from peft_lint.interpreter.values import NOTHING_KNOWN, ContextManager, Value
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import artifacts, configs, loading
from peft_lint.library.handles import (
    base_handle,
    change_body,
    handle_of,
    set_requires_grad,
    untouched,
    update_adapters,
)
from peft_lint.library.registry import RESOLVERS, WORDS, FunctionModel, function, words

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call


def _resolve(name: str) -> FunctionModel | None:
    """Find the model of a config class, a PeftModel class or an Auto class, or of its reader."""
    _, owner, *attribute = name.split(".")
    is_peft = owner.startswith(("PeftModel", "PeftMixedModel"))
    if not attribute:
        if owner.endswith("Config"):
            return partial(configs.make_config, class_name=owner)
        if owner.startswith("AutoPeftModel"):
            return partial(loading.auto_construct, class_name=owner)
        return partial(loading.construct, class_name=owner) if is_peft else None
    if attribute == ["from_pretrained"]:
        if owner.endswith("Config"):
            return partial(artifacts.read_config, class_name=owner)
        if owner.startswith("AutoPeftModel"):
            return partial(loading.auto_from_pretrained, class_name=owner)
        if is_peft:
            return partial(loading.from_pretrained, class_name=owner)
    return None


RESOLVERS["peft"] = _resolve
# Classes are found by the resolver; these words make a function worth following.
WORDS.update({"LoraConfig", "PeftConfig", "PeftModel", "PeftMixedModel", "AutoPeftModel"})
for _task in words(
    "CausalLM FeatureExtraction QuestionAnswering Seq2SeqLM SequenceClassification "
    "TokenClassification"
):
    WORDS.update({f"PeftModelFor{_task}", f"AutoPeftModelFor{_task}"})


@function("peft.prepare_model_for_kbit_training", "peft.prepare_model_for_int8_training")
def prepare_model_for_kbit_training(call: Call) -> Value:
    """Model the preparation of a k-bit model: every parameter frozen, modes kept (A7)."""
    ref, handle, _ = base_handle(call, call.get(0, "model"))
    before = call.machine.world.body(handle)
    set_requires_grad(call.machine, handle, False, call.node)
    # What is not quantised becomes float32 (C5).
    change_body(call.machine, handle, cast=(call.node, "float32"))
    call.machine.emit(Prepared(call.node, ref.id, before, call.node_of(0, "model")))
    return ref


@function("peft.replace_lora_weights_loftq", creates=False)
def replace_lora_weights_loftq(call: Call) -> Value:
    """Model LoftQ's start: fresh weights that have an effect of their own."""
    found = handle_of(call.machine, call.get(0, "peft_model"))
    if found is not None:
        update_adapters(call.machine, found[1], weights=Weights.UNKNOWN)
    return NOTHING_KNOWN


@function("peft.cast_mixed_precision_params", creates=False)
def cast_mixed_precision_params(call: Call) -> Value:
    """Model float32 for what can be trained, and another dtype for the rest."""
    found = handle_of(call.machine, call.get(0, "model"))
    if found is not None:
        change_body(call.machine, found[1], cast=(call.node, None))
    return NOTHING_KNOWN


_READERS = words(
    "get_model_status get_layer_status get_peft_config get_peft_model_class check_if_peft_model "
    "disable_input_dtype_casting"
)


function(*(f"peft.{name}" for name in _READERS), creates=False)(untouched)


@function("peft.rescale_adapter_scale", creates=False)
def rescale_adapter_scale(call: Call) -> Value:
    """Model `with` adapters that are scaled inside: they act more or less, or not at all."""
    found = handle_of(call.machine, call.get(0, "model"))
    return ContextManager("perhaps", found[0]) if found is not None else NOTHING_KNOWN
