"""What sentence-transformers does to a world (source: sentence-transformers 6.2.0)."""

from __future__ import annotations

from functools import partial

from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.objects import Body, Handle
from peft_lint.interpreter.values import NOTHING_KNOWN, Value
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.arguments import make_arguments
from peft_lint.library.handles import new_model, receiver_of, set_mode
from peft_lint.library.registry import RESOLVERS, WORDS, FunctionModel, method, words
from peft_lint.library.torch import train_body
from peft_lint.library.trainer import construct

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call

_MODELS = frozenset({"SentenceTransformer", "CrossEncoder", "SparseEncoder"})
WORDS.update(_MODELS)


def _resolve(name: str) -> FunctionModel | None:
    _, owner, *attribute = name.split(".")
    if attribute:
        return None
    if owner in _MODELS:
        return partial(_load, class_name=owner)
    if owner.endswith("Trainer"):
        # base/trainer.py: a subclass of transformers' Trainer.
        return partial(construct, class_name=owner, library="sentence_transformers")
    if owner.endswith("TrainingArguments"):
        return partial(make_arguments, class_name=owner)
    return None


RESOLVERS["sentence_transformers"] = _resolve


def _load(call: Call, class_name: str) -> Value:
    """Model `SentenceTransformer(id)`: a new container, in train mode, of a model in eval mode."""
    if call.get(None, "modules") is not None:
        for value in call.values():
            call.machine.escape(value)
        return result_of(call.machine, NOTHING_KNOWN, call)
    body = Body(
        node=call.node,
        model_class=class_name,
        checkpoint=call.get(0, "model_name_or_path"),
        arguments=call.keywords,
        complete=False,
        training=False,
        steps=((call.node, "the model is loaded here, in eval mode"),),
    )
    return new_model(call.machine, body, True)


def _is_ours(call: Call) -> bool:
    """Return whether the receiver is such a model; of another one nothing is known any more."""
    ref, _, body = receiver_of(call)
    if body.model_class not in _MODELS:
        call.machine.escape(ref)
    return body.model_class in _MODELS


_ENCODERS = words("encode encode_query encode_document predict rank encode_multi_process")


@method(Handle, *_ENCODERS)
def encode(call: Call) -> Value:
    """Model `encode` and `predict`: they call `eval()` first (sentence_transformer/model.py)."""
    if _is_ours(call):
        set_mode(call.machine, receiver_of(call)[0], False)
    return result_of(call.machine, NOTHING_KNOWN, call)


@method(Handle, "fit")
def fit(call: Call) -> Value:
    """Model `fit`: trained; whether an evaluation ran last is not known."""
    if _is_ours(call):
        ref, handle, _ = receiver_of(call)
        train_body(call.machine, handle)
        set_mode(call.machine, ref, None)
    return NOTHING_KNOWN


_UNTOUCHED = words(
    "similarity similarity_pairwise tokenize get_sentence_embedding_dimension get_max_seq_length "
    "start_multi_process_pool stop_multi_process_pool"
)


@method(Handle, *_UNTOUCHED)
def untouched(call: Call) -> Value:
    """Model a method that leaves the model as it is."""
    _is_ours(call)
    return result_of(call.machine, NOTHING_KNOWN, call)
