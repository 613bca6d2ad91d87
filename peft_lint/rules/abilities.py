"""What the class of a base model is and can do: generate, give a loss, take a text."""

from __future__ import annotations

from peft_lint import knowledge
from peft_lint.interpreter.objects import Body
from peft_lint.interpreter.values import literal

# Tasks none of whose classes has `prepare_inputs_for_generation`.
_CLASSIFIERS = frozenset(
    "SequenceClassification TokenClassification QuestionAnswering MultipleChoice "
    "ImageClassification AudioClassification VideoClassification".split()
)
# Families for which AutoModel or AutoModelForMaskedLM takes a class that generates, or that
# gives a loss by itself.
_FULL_MODELS = frozenset(
    "bark bart clvp csm flaubert granite_speech5_ctc higgs_audio_v2 lasr_ctc llama4 mbart mvp "
    "nemotron3_5_asr nemotron_asr_streaming parakeet_ctc parakeet_rnnt parakeet_tdt "
    "seamless_m4t seamless_m4t_v2 vibevoice xlm".split()
)
# Families whose `forward` refuses the text arguments that every task's wrapper passes on.
_WITHOUT_TEXT = ("whisper", "clip", "clip_vision_model", "clip_text_model")
# Classes of Whisper that take them.
_TAKES_TEXT = (("whisper", "AudioClassification"), ("whisper", "CausalLM"))


def is_classifier(body: Body) -> bool:
    """Return whether a model surely is a classifier, which cannot generate."""
    return body.task in _CLASSIFIERS and is_loaded(body)


def is_bare(body: Body) -> bool:
    """Return whether a model surely is a base or masked language model, which cannot generate."""
    known = body.family is not None and body.family not in _FULL_MODELS
    return known and body.task in (None, "MaskedLM") and is_loaded(body)


def refuses_text(body: Body) -> bool:
    """Return whether a forward of the model raises where it gets text arguments, even None."""
    return body.family in _WITHOUT_TEXT and (body.family, body.task) not in _TAKES_TEXT


def is_of_transformers(body: Body) -> bool:
    """Return whether the class that made a model is an auto class, or one of transformers."""
    name = body.model_class or ""
    return name.startswith("Auto") or knowledge.model_class(name) is not None


def is_loaded(body: Body) -> bool:
    """Return whether a class of transformers made the model, and no code of the checkpoint's."""
    name = body.model_class or ""
    remote = dict(body.arguments).get("trust_remote_code")
    plain = body.complete and not body.escaped and (remote is None or literal(remote, ...) is False)
    known = name == "AutoModel" or knowledge.auto_task(name) or knowledge.model_class(name)
    return plain and bool(known)
