"""What is known of model families: classes, default dropout, heads, and well-known checkpoints.

A family is a model type of transformers ("llama"); a task is the part of an auto class after
`AutoModelFor` ("SequenceClassification").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from peft_lint.knowledge.tables import table
from peft_lint.lean import Record

# What PEFT adds to modules_to_save by itself, by task type.
ADDED_BY_TASK_TYPE: Mapping[str, tuple[str, ...]] = {
    "SEQ_CLS": ("classifier", "score"),
    "TOKEN_CLS": ("classifier", "score"),
    "QUESTION_ANS": ("qa_outputs",),
}
# The task type that fits a task, where there is one.
TASK_TYPES: Mapping[str, str] = {
    "SequenceClassification": "SEQ_CLS",
    "TokenClassification": "TOKEN_CLS",
    "QuestionAnswering": "QUESTION_ANS",
    "CausalLM": "CAUSAL_LM",
    "Seq2SeqLM": "SEQ_2_SEQ_LM",
}
# Heads that pre-training itself leaves behind.
_LANGUAGE_MODELS = {"CausalLM", "MaskedLM", "Seq2SeqLM"}
# What stands between the words of an id.
_SEPARATORS = str.maketrans("/_.", "---")
# Classes that add no dropout to that of the body.
_BODY_TASKS = {None, "CausalLM", "MaskedLM", "Seq2SeqLM", "SpeechSeq2Seq", "ImageTextToText"}


class ModelClass(Record):
    """What a model class of transformers is: its family, and its task (None: a base model)."""

    model_type: str
    task: str | None


class Heads(Record):
    """The modules of a family's class for a task that do not come from the base model.

    `modules` stand beside the base model, `poolers` inside it (`bert.pooler`): a checkpoint
    may or may not have the latter's weights. `linear` are the linear layers that the modules
    are or hold ("classifier.dense"), but for those in lists.
    """

    modules: tuple[str, ...]
    poolers: tuple[str, ...]
    linear: tuple[str, ...]


class Checkpoint(Record):
    """A well-known checkpoint: its family, and what its published weights hold.

    `heads` are the tasks whose trained heads it has, `carries` the head modules that its
    pre-training has trained. `pooler` says whether it has the weights of the pooler inside
    the base model, `pad_token` whether its config names a padding token; either is None if
    that is not known. `source` says where the facts come from.
    """

    type: str
    heads: tuple[str, ...]
    carries: tuple[str, ...]
    pooler: bool | None
    pad_token: bool | None
    source: str

    @property
    def pretrained_only(self) -> bool:
        """Whether it has no head but that of a language model."""
        return set(self.heads) <= _LANGUAGE_MODELS


def model_class(name: str) -> ModelClass | None:
    """Return what the transformers class `name` is, None for an unknown or auto class."""
    row = table("classes")["models"].get(name)
    return ModelClass(*row) if row else None


def auto_task(name: str) -> str | None:
    """Return the task of an auto class, None for `AutoModel` and all other names."""
    task: str | None = table("classes")["auto"].get(name)
    return task


def checkpoint(checkpoint_id: str) -> Checkpoint | None:
    """Return the facts about exactly this id, None if it is not a well-known one."""
    return _checkpoints().get(checkpoint_id)


def family(checkpoint_id: str) -> str | None:
    """Return the family of a checkpoint on the hub, by its id, else by what the id starts with."""
    known = checkpoint(checkpoint_id)
    if known:
        return known.type
    prefixes: Mapping[str, str] = table("checkpoints")["prefixes"]
    longest = max(filter(checkpoint_id.startswith, prefixes), key=len, default=None)
    named: str | None = table("ids")["ids"].get(checkpoint_id)
    return named or (prefixes[longest] if longest else None)


def unquantised(checkpoint_id: str) -> bool:
    """Return whether an id is that of a well-known checkpoint with its full weights."""
    facts = table("checkpoints")
    known = checkpoint(checkpoint_id) or any(map(checkpoint_id.startswith, facts["prefixes"]))
    words = checkpoint_id.lower().translate(_SEPARATORS).split("-")
    quantised = facts["quantised"]
    return (
        bool(known)
        and family(checkpoint_id) not in quantised["families"]
        and not any(word in quantised["words"] for word in words)
    )


def shares_embedding(family: str, checkpoint_id: object) -> bool:
    """Return whether the output layer of a language model surely is its embedding."""
    known = table("checkpoints")["tied"]
    return family in known["families"] or checkpoint_id in known["ids"]


def dropout(family: str | None, task: str | None) -> bool | None:
    """Return whether some dropout is on by default in train mode, None if that is not known.

    `task` None is the base model. A family without dropout can have some in a class: the
    token classifiers of most decoders drop out 0.1.
    """
    measured: bool | Mapping[str, bool] | None = table("dropout")["families"].get(family)
    if measured is None or isinstance(measured, bool):
        return measured
    return measured.get(task or "", False if task in _BODY_TASKS else None)


def heads(family: str | None, task: str | None) -> Heads | None:
    """Return the head modules of a family's class for a task, None if they are not known."""
    if family is None or task is None:
        return None
    row = table("heads").get(task, {}).get(family)
    return Heads(*map(tuple, row)) if row else None


def batch_norms(family: str | None, task: str | None) -> tuple[str, ...]:
    """Return the layers of a class that keep running statistics, numbers in names left out.

    None are known of other classes than those whose heads are.
    """
    rows: Mapping[str, str] = table("batch_norms").get(task or "", {})
    return tuple(rows.get(family or "", "").split())


def head_names() -> frozenset[str]:
    """Return the names of the head modules of all classes."""
    tasks = (rows for task, rows in table("heads").items() if task != "about")
    return frozenset(name for rows in tasks for row in rows.values() for name in row[0])


def fresh_heads(checkpoint_id: str, task: str) -> tuple[str, ...] | None:
    """Return the modules that are new when a well-known checkpoint is loaded for `task`.

    None when the checkpoint is not a well-known one or its class's heads are not known.
    """
    known = checkpoint(checkpoint_id)
    built = heads(known.type, task) if known else None
    if known is None or built is None:
        return None
    if task in known.heads:
        return ()
    trained = {*known.carries}
    for other in known.heads:
        carried = heads(known.type, other)
        trained |= {*carried.modules} if carried else set()
    poolers = built.poolers if known.pooler is False else ()
    return (*(module for module in built.modules if module not in trained), *poolers)


def covers(module: str, names: Iterable[str]) -> bool:
    """Return whether PEFT's modules_to_save `names` take in `module`: it compares the endings."""
    return any(module.endswith(name) for name in names)


@cache
def _checkpoints() -> Mapping[str, Checkpoint]:
    return {
        checkpoint_id: Checkpoint(
            row["type"],
            tuple(row["heads"]),
            tuple(row.get("carries", ())),
            row.get("pooler"),
            row.get("pad_token"),
            row["source"],
        )
        for row in table("checkpoints")["checkpoints"]
        for checkpoint_id in row["ids"]
    }
