"""PEF413: `label_names` is no list, or names what no batch has: no loss in evaluation."""

from __future__ import annotations

from peft_lint.events import TrainerMade
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Arguments
from peft_lint.interpreter.values import Items, literal
from peft_lint.lean import Record
from peft_lint.rules.guards import expects, names_the_class
from peft_lint.rules.trainers import given, maker, settings_of, spelled
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Suspicion
from peft_lint.syntax.keywords import as_list, written

_FIELD = "label_names"
_RIGHT = '["labels"]'
# What the columns with the labels are called before a collator renames them, or by habit.
_COLUMNS = frozenset({"label", "label_ids", "target", "targets"})
# The tasks whose models have one argument for labels, `labels`.
_TASKS = frozenset(
    "CausalLM Seq2SeqLM MaskedLM SequenceClassification TokenClassification "
    "ImageClassification AudioClassification".split()
)
# What may be put in the place of the library's own.
_REPLACED = ("label_names", "data_collator", "compute_loss", "prediction_step", "forward")


class Defect(Record):
    """What is wrong with the names, and the code that is meant."""

    severity: Severity
    words: str
    code: str
    applicability: Applicability


class Rule(OnePerPlace):
    """Looks at the settings of each trainer of transformers: those of TRL do not read it."""

    def on_trainer_made(self, event: TrainerMade, scene: Scene) -> None:
        """Suspect names that are no list, and names that no batch has."""
        settings = settings_of(event, scene)
        if event.library != "transformers" or settings is None or settings.get(_FIELD) is None:
            return
        defect = _no_list(settings) or _no_name(settings, event, scene)
        if defect is not None and not expects(event, scene, "TypeError"):
            suspicion = _suspicion(settings, defect, event, scene)
            self._found.setdefault(suspicion.anchor, suspicion)


def _no_list(settings: Arguments) -> Defect | None:
    value = settings.get(_FIELD)
    text = literal(value)
    raises = "the trainer adds it to a list and raises a TypeError"
    kept = literal(settings.get("remove_unused_columns"), True)
    if isinstance(text, str):
        words = f"is a str: {raises}" if kept is True else "is a str, read letter by letter"
        if text in ("label", "labels"):
            return Defect(Severity.ERROR, words, _RIGHT, Applicability.SAFE)
        return Defect(Severity.ERROR, words, f'["{text}"]', Applicability.UNSAFE)
    # Where no column is removed, a tuple does as well as a list.
    if isinstance(value, Items) and value.kind != "list" and kept is True and settings.complete:
        names = [literal(item) for item in value.items]
        if value.exact and all(isinstance(name, str) for name in names):
            code = as_list(map(str, names))
            return Defect(Severity.ERROR, f"is a {value.kind}: {raises}", code, Applicability.SAFE)
    return None


def _no_name(settings: Arguments, event: TrainerMade, scene: Scene) -> Defect | None:
    value = settings.get(_FIELD)
    if not isinstance(value, Items) or value.kind != "list" or not value.exact or not value.items:
        return None
    names = [literal(item) for item in value.items]
    handle = scene.model(event)
    body = scene.world.body(handle) if handle is not None else None
    if body is None or body.task not in _TASKS or body.escaped:
        return None
    if not _COLUMNS.issuperset(names) or not _is_plain(event, scene):
        return None
    words = "names no argument of the model: there is no eval_loss, and no metric is computed"
    safety = Applicability.SAFE if names == ["label"] else Applicability.UNSAFE
    return Defect(Severity.WARNING, words, _RIGHT, safety)


def _is_plain(event: TrainerMade, scene: Scene) -> bool:
    """Return whether a trainer evaluates, and what it does with a batch is the library's."""
    collator = maker(dict(event.keywords).get("data_collator"), scene)
    ours = collator is not None and collator[0].partition(".")[0] == "transformers"
    return (
        (given(event, "eval_dataset") or given(event, "compute_metrics"))
        and event.complete
        and len(event.args) < 3
        and (ours or not given(event, "data_collator"))
        and not given(event, "compute_loss_func")
        and names_the_class(event.node, scene)
        and not scene.assigns(*_REPLACED)
    )


def _suspicion(settings: Arguments, defect: Defect, event: TrainerMade, scene: Scene) -> Suspicion:
    anchor = spelled(settings, _FIELD)
    single = "'" in scene.document.source(anchor)
    code = defect.code.replace('"', "'") if single else defect.code
    message = f"label_names {defect.words}"
    proposals = written(settings.node, _FIELD, code, anchor, defect.applicability)
    story = ((anchor, message), (event.node, "and the trainer is made with it here"))
    return Suspicion("PEF413", defect.severity, message, anchor, story, anchor, proposals)
