"""PEF113: an adapter meets a model of another class, or with another number of labels."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint import knowledge
from peft_lint.events import AdapterLoaded
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Body
from peft_lint.interpreter.values import literal
from peft_lint.lean import Record
from peft_lint.rules.heads import task_type_of
from peft_lint.rules.reloads import Reload, Reloads, Stored
from peft_lint.rules.targets import names_in
from peft_lint.scene import Scene
from peft_lint.suspicion import Suspicion

_GENERATING = ("CAUSAL_LM", "SEQ_2_SEQ_LM")
_CLASSIFIERS = ("SequenceClassification", "TokenClassification")
_NOT_GENERATING = (*_CLASSIFIERS, "QuestionAnswering")
# Classes that keep the base model under a name of its own; that of T5 does not.
_WITH_PREFIX = (*_NOT_GENERATING, "CausalLM", "MaskedLM")
# Arguments of a load that may make it fit, or that this rule does not look into.
_FITTING = frozenset({"ignore_mismatched_sizes", "key_mapping", "config", "trust_remote_code"})
_HEADS = ("classifier", "score", "num_labels")


class Mismatch(Record):
    """What does not fit: the message, how it ends, and what would fit, a class or a number."""

    message: str
    end: str
    fitting: str | int | None


class Rule(Reloads):
    """Compares class and labels of the model that was saved with those at the load."""

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note every load: a class that loads its base itself takes the labels from its config."""
        self.note(event, scene)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report loads that fit no model that was saved there."""
        for stored, reloads in self.pairs(scene):
            found = {_mismatch(one, two) for one in stored for two in reloads}
            mismatch = found.pop() if len(found) == 1 else None
            # A head that is put in place by hand has the size that it has.
            if mismatch is not None and not scene.assigns(*_HEADS):
                yield _suspicion(stored[0], reloads[0], mismatch)


def _mismatch(stored: Stored, reload: Reload) -> Mismatch | None:
    given = {word.arg for word in reload.node.keywords}
    given |= {name for body in (stored.body, reload.body) for name, _ in body.arguments}
    if None in given or not _FITTING.isdisjoint(given) or not stored.body.complete:
        return None
    config = stored.adapter.config
    value = None if config is None or config.escaped else config.get("task_type")
    task_type = None if value is None else task_type_of(value)
    return _of_class(stored, reload, task_type) or _of_labels(stored, reload, task_type)


def _of_class(stored: Stored, reload: Reload, task_type: str | None) -> Mismatch | None:
    """Return how the classes do not fit: it raises, or no weight has the same name."""
    one, two = stored.body, reload.body
    before, now = one.model_class or "", two.model_class or ""
    if reload.how.startswith("AutoPeft"):
        wanted = knowledge.TASK_TYPES.get(two.task or "")
        if wanted is None or task_type not in knowledge.TASK_TYPES.values() or wanted == task_type:
            return None
        made_for = next(key for key, kind in knowledge.TASK_TYPES.items() if kind == task_type)
        message = f"the adapter's task type is {task_type}, and {now} takes no such adapter"
        end = "and loaded by a class for another task here, which raises"
        return Mismatch(message, end, f"AutoPeftModelFor{made_for}")
    wraps = reload.how == "PeftModel.from_pretrained"
    if not two.complete or not (wraps or reload.how == "PeftModel.load_adapter"):
        return None
    fitting = before if before.startswith("Auto") else None
    if wraps and task_type in _GENERATING and (now == "AutoModel" or two.task in _NOT_GENERATING):
        message = f"an adapter with the task type {task_type} is loaded onto a model of {now}"
        end = "and loaded onto a model that does not generate here, which raises"
        return Mismatch(message, end, fitting)
    task = two.task if before == "AutoModel" else one.task if now == "AutoModel" else None
    if task in _WITH_PREFIX:
        message = f"an adapter for {before} is loaded onto {now}, and none of its weights is found"
        return Mismatch(message, "and loaded here, where the layers have other names", fitting)
    return None


def _of_labels(stored: Stored, reload: Reload, task_type: str | None) -> Mismatch | None:
    """Return how the sizes of the heads do not fit, where the adapter has the head beside it."""
    one, two = stored.body, reload.body
    config = stored.adapter.config
    heads = knowledge.heads(one.family, one.task)
    if one.task not in _CLASSIFIERS or one.task != two.task or heads is None or config is None:
        return None
    named = names_in(config.get("modules_to_save")) or ()
    saved = (*knowledge.ADDED_BY_TASK_TYPE.get(task_type or "", ()), *named)
    auto = reload.how.startswith("AutoPeft")
    base = one.checkpoint if auto else two.checkpoint
    counts = _labels(one, literal(one.checkpoint)), _labels(two, literal(base))
    if not any(knowledge.covers(head, saved) for head in heads.modules) or None in counts:
        return None
    before, now = counts
    if before == now or not (auto or two.complete):
        return None
    message = f"the adapter was saved with a head for {before} labels, this model's is for {now}"
    return Mismatch(message, "and loaded onto a head of another size here, which raises", before)


def _labels(body: Body, checkpoint: object) -> int | None:
    """Return how many labels a model has: those that the call gives it, else the default."""
    given = dict(body.arguments)
    number, names = given.get("num_labels"), given.get("id2label")
    if number is not None:
        count = literal(number)
        return count if isinstance(count, int) else None
    if names is not None:
        # Only a display in the call itself: a variable's may have grown since.
        words = body.node.keywords if isinstance(body.node, ast.Call) else ()
        shown = (word.value for word in words if word.arg == "id2label")
        return next((len(one.keys) for one in shown if isinstance(one, ast.Dict)), None)
    known = knowledge.checkpoint(checkpoint) if isinstance(checkpoint, str) else None
    return 2 if known is not None and known.pretrained_only else None


def _suspicion(stored: Stored, reload: Reload, mismatch: Mismatch) -> Suspicion:
    from peft_lint.rules.loading.head_shape_mismatch_fix import proposals

    base = (reload.body.node, "the model that it is loaded onto is made here")
    steps = () if reload.body.node is reload.node else (base,)
    return Suspicion(
        code="PEF113",
        severity=Severity.ERROR,
        message=mismatch.message,
        anchor=reload.node,
        story=(
            (stored.body.node, "the model that is trained is made here"),
            (stored.node, "its adapter is saved here"),
            *steps,
            (reload.node, mismatch.end),
        ),
        cause=reload.node,
        proposals=proposals(reload, mismatch),
    )
