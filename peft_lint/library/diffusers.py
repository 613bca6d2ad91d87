"""What diffusers does to a world: models, and pipelines with their parts (A6, A7, C14)."""

from __future__ import annotations

import ast
from functools import partial

from peft_lint.events import LoraChanged
from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.objects import Body, State, Tool
from peft_lint.interpreter.values import NOTHING_KNOWN, Bound, Literal, Ref, Value
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.handles import new_model, spelled_method, untouched
from peft_lint.library.registry import (
    OBJECT_CALLS,
    RESOLVERS,
    FunctionModel,
    attribute_of,
    method,
    words,
)

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine

_PIPELINE = "diffusion pipeline"
# Once LoRA weights were loaded into it or taken out: what its parts hold is not known.
_CHANGED_PIPELINE = "diffusion pipeline with adapters"
# What is kept of the calls that changed a pipeline's LoRA weights.
_STEPS = ("loaded", "fused", "used", "lost")
_PARTS = words(
    "unet transformer transformer_2 text_encoder text_encoder_2 text_encoder_3 vae controlnet"
)


def _resolve(name: str) -> FunctionModel | None:
    _, owner, *attribute = name.split(".")
    reads = attribute in (["from_pretrained"], ["from_single_file"])
    if "Pipeline" in owner:
        return _pipeline if reads else None
    # EMAModel holds copies of parameters.
    if (owner.endswith("Model") and owner != "EMAModel") or owner.startswith("Autoencoder"):
        if reads:
            return partial(_load, class_name=owner)
        if attribute in ([], ["from_config"]):
            return partial(_build, class_name=owner)
    # Schedulers, image processors: they hold no model.
    holds_none = owner.endswith(("Scheduler", "Processor", "EMAModel"))
    return untouched if holds_none else None


RESOLVERS["diffusers"] = _resolve


def _load(call: Call, class_name: str) -> Value:
    """Model `X.from_pretrained(id)`: eval mode (A7, E)."""
    return _model(call, class_name, False, "the model is loaded here, in eval mode")


def _build(call: Call, class_name: str) -> Value:
    """Model `X(…)` and `X.from_config(…)`: random weights, train mode (A7, T)."""
    return _model(call, class_name, True, "the model is built here, in train mode")


def _model(call: Call, class_name: str, training: bool, words_: str) -> Value:
    body = Body(
        node=call.node,
        model_class=class_name,
        checkpoint=None if training else call.get(0, "pretrained_model_name_or_path"),
        complete=False,
        training=training,
        quantised=None,
        steps=((call.node, words_),),
    )
    return new_model(call.machine, body, training)


def _pipeline(call: Call) -> Value:
    """Model `DiffusionPipeline.from_pretrained(id)`; parts that are given stay what they are."""
    given = tuple((name, value) for name, value in call.keywords if name in _PARTS)
    return call.machine.world.add(Tool(call.node, _PIPELINE, fields=given))


def _part(machine: Machine, ref: Ref, state: State, name: str) -> Value:
    """Return a part of a pipeline, the same object on every read: a model in eval mode."""
    if not isinstance(state, Tool) or state.kind not in (_PIPELINE, _CHANGED_PIPELINE):
        return Bound(ref, name)
    # Who asks for a part may do anything to its weights.
    state = _saying(state, fused=None, lost=None, used=None)
    machine.world.put(ref.id, state)
    known = dict(state.fields).get(name)
    if known is not None:
        return known
    nothing = () if state.kind == _PIPELINE else None
    body = Body(
        node=state.node,
        model_class=name,
        complete=False,
        training=False,
        quantised=None,
        adapters=nothing,
        active=nothing,
        steps=((state.node, "the pipeline loads its models here, in eval mode"),),
    )
    part = new_model(machine, body, False)
    machine.world.put(ref.id, state._replace(fields=(*state.fields, (name, part))))
    return part


def _set_part(call: Call, name: str) -> Value:
    """Model `pipe.unet = model`."""
    state, value = call.machine.world.state(call.receiver), call.get(0, name)
    if isinstance(state, Tool) and isinstance(call.receiver, Ref) and value is not None:
        rest = tuple(pair for pair in state.fields if pair[0] not in (name, *_STEPS))
        call.machine.world.put(call.receiver.id, state._replace(fields=(*rest, (name, value))))
    return NOTHING_KNOWN


for _name in _PARTS:
    attribute_of(Tool, _name)(partial(_part, name=_name))
    method(Tool, f"{_name}=")(partial(_set_part, name=_name))


@method(Tool, "to", "enable_model_cpu_offload", "enable_sequential_cpu_offload")
def same_pipeline(call: Call) -> Value:
    """Model moving a pipeline: it is itself what comes back."""
    state = call.machine.world.state(call.receiver)
    if isinstance(state, Tool) and call.receiver and state.kind in (_PIPELINE, _CHANGED_PIPELINE):
        return call.receiver
    return result_of(call.machine, NOTHING_KNOWN, call)


@method(
    Tool,
    *words(
        "load_lora_weights unload_lora_weights fuse_lora unfuse_lora set_adapters disable_lora "
        "enable_lora delete_adapters load_lora_into_unet load_lora_into_text_encoder"
    ),
)
def change_adapters(call: Call) -> Value:
    """Model a change of LoRA weights in a pipeline's parts: they are not known any more (C14)."""
    machine = call.machine
    state = machine.world.state(call.receiver)
    if not isinstance(state, Tool) or not isinstance(call.receiver, Ref):
        return NOTHING_KNOWN
    if state.kind == _PIPELINE:
        state = state._replace(kind=_CHANGED_PIPELINE)
        for _, part in state.fields:
            machine.escape(part)
    if state.kind == _CHANGED_PIPELINE:
        machine.world.put(call.receiver.id, _after(call, state))
    return NOTHING_KNOWN


def _after(call: Call, state: Tool) -> Tool:
    """Tell of a change of LoRA weights, and return the pipeline after it.

    Fused weights stay in the pipeline until `unfuse_lora` takes them out, which it can only
    do while the adapter is there.
    """
    how, said = spelled_method(call), _said(state)
    fused, lost, loaded = said.get("fused"), said.get("lost"), said.get("loaded")
    again = how == "load_lora_weights" and loaded is call.node
    used = "used" in said
    call.machine.emit(LoraChanged(call.node, how, fused, lost, used, again))
    if how == "fuse_lora":
        return _saying(state, fused=call.node, lost=lost, used=None)
    if how in ("unload_lora_weights", "delete_adapters"):
        return _saying(state, lost=call.node if lost is None and fused is not None else lost)
    if how == "load_lora_weights":
        return _saying(state, fused=None, lost=None, used=None, loaded=call.node)
    return _saying(state, fused=None, lost=None, used=None)


def _said(state: Tool) -> dict[str, ast.expr]:
    """Return what happened to a pipeline's LoRA weights, and the calls that did it."""
    said = ((name, value) for name, value in state.fields if name in _STEPS)
    return {name: value.node for name, value in said if isinstance(value, Literal) and value.node}


def _saying(state: Tool, **steps: ast.expr | None) -> Tool:
    """Return the pipeline after these calls; None where what a call did is undone."""
    rest = tuple(pair for pair in state.fields if pair[0] not in steps)
    told = tuple((name, Literal((True,), node)) for name, node in steps.items() if node)
    return state._replace(fields=(*rest, *told))


def run_pipeline(call: Call) -> Value:
    """Model `pipe(prompt)`: it makes images with what is in it, and leaves it alone."""
    state = call.machine.world.state(call.receiver)
    if isinstance(state, Tool) and isinstance(call.receiver, Ref):
        said = _said(state)
        if "fused" in said and "lost" not in said:
            call.machine.world.put(call.receiver.id, _saying(state, used=call.node))
    for value in call.values():
        call.machine.escape(value)
    return result_of(call.machine, NOTHING_KNOWN, call)


OBJECT_CALLS[Tool] = run_pipeline
