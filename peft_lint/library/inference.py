"""Models that answer: `generate`, a forward, a pipeline (facts: A7, A8)."""

from __future__ import annotations

import ast

from peft_lint.events import Inference
from peft_lint.interpreter.objects import Arguments, Body, Fact, Handle, Kind
from peft_lint.interpreter.values import Literal, Ref, Unknown, Value, literal
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import artifacts
from peft_lint.library.configs import DEFAULT
from peft_lint.library.handles import base_handle, new_model, receiver_of, set_mode
from peft_lint.library.registry import OBJECT_CALLS, function, method
from peft_lint.library.transformers import native_adapter

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call

# Models whose `generate` switches to eval mode by itself, and afterwards back or not:
# unsloth 2026.10.9, models/llama.py `unsloth_fast_generate`, models/vision.py
# `unsloth_base_fast_generate`.
EVALUATES_ITSELF = frozenset({"FastLanguageModel", "FastModel", "FastVisionModel", "FastTextModel"})


@method(Handle, "generate", "chat", "stream_chat")
def generate(call: Call) -> Value:
    """Model generation, which needs eval mode."""
    ref, _, body = receiver_of(call)
    if body.model_class not in EVALUATES_ITSELF:
        return _infer(call, ref, "generate", sampling_of(call))
    set_mode(call.machine, ref, False)
    output = _infer(call, ref, "generate", sampling_of(call))
    if body.training is not False or any(one.training for one in body.adapters or ()):
        set_mode(call.machine, ref, None)
    return output


@method(Handle, "forward", "__call__")
def forward(call: Call) -> Value:
    """Model a forward; without gradients it is inference."""
    ref, handle, _ = receiver_of(call)
    if handle.kind is Kind.PIPELINE:
        return _run_pipeline(call, ref, handle)
    if call.machine.context.no_grad is not None:
        return _infer(call, ref, "forward", False)
    return _output(call, ref)


OBJECT_CALLS[Handle] = forward


def _output(call: Call, ref: Ref) -> Unknown:
    result = call.machine.fresh(call.node)
    return Unknown(result.origin, frozenset({ref.id}), 1)


def _infer(call: Call, ref: Ref, how: str, sampling: Fact) -> Value:
    function_ = call.node.func
    is_method = how == "generate" or (
        isinstance(function_, ast.Attribute) and function_.attr in ("forward", "__call__")
    )
    receiver = function_
    if is_method and isinstance(function_, ast.Attribute):
        receiver = function_.value
    streams = _streams(call)
    call.machine.emit(Inference(call.node, ref.id, how, receiver, sampling, streams, call.keywords))
    return _output(call, ref)


@function("transformers.pipeline")
def pipeline(call: Call) -> Value:
    """Model `pipeline(task, model)`: a handle that keeps the model's mode (A7)."""
    machine = call.machine
    task = call.constant(0, "task")
    model = call.get(1, "model")
    if model is None or isinstance(model, Literal):
        found = artifacts.find(call, model)
        # Before 4.50 a pipeline took an adapter's base alone (A5).
        native = (
            found is not None and found.sure and machine.target.at_least("transformers", "4.50")
        )
        body = Body(
            node=call.node,
            model_class="pipeline",
            checkpoint=model,
            complete=False,
            training=False,
            # The path may hold an adapter, and its dropout may then be live (A5, A7).
            adapters=(native_adapter(call, model),) if native else None,
            active=(DEFAULT,) if native else None,
            steps=((call.node, "the pipeline loads its model here, in eval mode"),),
        )
        ref = new_model(machine, body, False)
    else:
        ref, _, _ = base_handle(call, model)
    inner = machine.world.heap[ref.id]
    assert isinstance(inner, Handle)
    settings = machine.world.add(Arguments(call.node, str(task), call.keywords, call.complete))
    handle = Handle(inner.body, Kind.PIPELINE, call.node, inner.training, ref.id, settings)
    return machine.world.add(handle)


def _run_pipeline(call: Call, ref: Ref, handle: Handle) -> Value:
    machine = call.machine
    settings = machine.world.state(handle.settings)
    sampling = sampling_of(call, handle.settings)
    if isinstance(settings, Arguments) and settings.class_name == "text-generation":
        told = any(
            given is not None
            for name in ("do_sample", "generation_config", "generate_kwargs")
            for given in (call.get(None, name), settings.get(name))
        )
        if not told and call.complete and settings.complete:
            # Text generation pipelines sample unless told not to (A8).
            sampling = machine.target.at_least("transformers", "4.52")
    function_ = call.node.func
    streams = _streams(call)
    machine.emit(
        Inference(call.node, ref.id, "pipeline", function_, sampling, streams, call.keywords)
    )
    return _output(call, ref)


def sampling_of(call: Call, default: Value | None = None) -> Fact:
    """Return whether a call of `generate` draws tokens at random (A8).

    `default` are settings that hold where the call says nothing: those of a pipeline.
    """
    sources: list[Value | None] = [call.get(None, "do_sample")]
    for value in (call.get(None, "generation_config"), default):
        state = call.machine.world.state(value)
        if isinstance(state, Arguments):
            sources.append(state.get("do_sample"))
            if not state.complete and state.get("do_sample") is None:
                return None
        elif value is not None:
            sources.append(value)
    said = next((source for source in sources if source is not None), None)
    constant = literal(said)
    if not isinstance(constant, bool):
        return None
    return constant and call.constant(None, "top_k") != 1


def _streams(call: Call) -> bool:
    """Return whether a call hands its tokens to a streamer, that is to a person."""
    return call.get(None, "streamer") is not None
