"""PEF301: a new head is neither trained nor saved, because the config does not name it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from peft_lint import knowledge
from peft_lint.events import ParametersTouched, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Config, Node
from peft_lint.interpreter.values import Items, Literal, Symbol, Value, literal
from peft_lint.scene import Scene
from peft_lint.suspicion import NoFix, Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

# Adapters whose configs have modules_to_save; prompt learning leaves the base as it is.
_CONFIGS = frozenset(
    "LoraConfig AdaLoraConfig LoHaConfig LoKrConfig OFTConfig BOFTConfig IA3Config VeraConfig "
    "FourierFTConfig HRAConfig VBLoRAConfig RandLoraConfig LNTuningConfig".split()
)
# Here `task_type` adds nothing: only a task's PeftModel class does (A12).
_WITHOUT_TASK = ("add_adapter", "inject_adapter_in_model")
_TASK_TYPES = (*knowledge.TASK_TYPES.values(), "FEATURE_EXTRACTION")
_NEW = ("num_labels", "id2label", "label2id")


class Candidate(NamedTuple):
    """A config that met a model whose new head it leaves out.

    `reported` tells that the saved output of a notebook named the new modules.
    """

    event: Wrapped
    body: Body
    missing: tuple[str, ...]
    named: tuple[str, ...]
    severity: Severity
    reported: bool


class Rule:
    """Looks at configs when they meet a model; code that sees to the head itself discharges."""

    def __init__(self) -> None:
        self._candidates: dict[tuple[object, object], Candidate] = {}
        self._seen_to: set[Node] = set()

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Compare the model's new head with what the config trains and saves."""
        body, config = scene.body(event), event.config
        if config.class_name not in _CONFIGS or config.source is not None or not config.complete:
            return
        named = _named(config)
        reported = _reported(body, scene)
        severity = _newness(body, reported)
        if named is None or severity is None:
            return
        added = _added(event, config)
        if added is None:
            return
        missing = _missing(body, (*named, *added), reported)
        if missing is None:
            return
        place = (config.node, body.node)
        candidate = Candidate(event, body, missing, named, severity, reported is not None)
        self._candidates.setdefault(place, candidate)

    def on_parameters_touched(self, event: ParametersTouched, scene: Scene) -> None:
        """The code unfreezes or saves parameters by itself: the head may be among them."""
        body = scene.body(event)
        if body.adapters != ():
            # Before there is an adapter it changes nothing: the adapter freezes them again.
            self._seen_to.add(body.node)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what is left."""
        for candidate in self._candidates.values():
            if candidate.body.node not in self._seen_to:
                yield _suspicion(candidate)


def _named(config: Config) -> tuple[str, ...] | None:
    """Return the literal `modules_to_save`, None when the text does not say them all."""
    return _texts(config.get("modules_to_save"))


def _texts(value: Value | None) -> tuple[str, ...] | None:
    """Return a list of names, () where there is none, None when the text does not say them all."""
    if value is None or literal(value, ...) is None:
        return ()
    if isinstance(value, Items) and value.exact:
        names = [literal(item) for item in value.items]
        texts = tuple(name for name in names if isinstance(name, str))
        return texts if len(texts) == len(names) else None
    return None


def _added(event: Wrapped, config: Config) -> tuple[str, ...] | None:
    """Return what the task type adds to `modules_to_save`, None when it is not known."""
    value = config.get("task_type")
    if value is None or literal(value, ...) is None:
        return ()
    name = _task_type(value)
    if name not in _TASK_TYPES:
        return None
    return () if event.how in _WITHOUT_TASK else knowledge.ADDED_BY_TASK_TYPE.get(name, ())


def _task_type(value: Value) -> str | None:
    if isinstance(value, Symbol):
        return value.name.rpartition(".")[2]
    text = literal(value)
    return text if isinstance(text, str) else None


def _reported(body: Body, scene: Scene) -> tuple[str, ...] | None:
    """Return the new modules that a notebook's saved output names, None where it names none."""
    checkpoint = literal(body.checkpoint)
    origin = checkpoint if isinstance(checkpoint, str) else None
    text = scene.document.output(None if origin else body.node.lineno)
    return knowledge.reported_heads(text, body.task, origin) if text and body.task else None


def _newness(body: Body, reported: tuple[str, ...] | None) -> Severity | None:
    """Return how sure it is that the head is new: error, warning, or None for silence."""
    if body.task is None or body.checkpoint is None or body.trained is not False:
        return None
    if reported is not None:
        return Severity.ERROR if reported else None
    given = dict(body.arguments)
    checkpoint = literal(body.checkpoint)
    fresh = knowledge.fresh_heads(checkpoint, body.task) if isinstance(checkpoint, str) else None
    if literal(given.get("ignore_mismatched_sizes")) is True:
        return Severity.ERROR
    if fresh is not None:
        return Severity.ERROR if fresh else None
    return Severity.WARNING if any(name in given for name in _NEW) else None


def _missing(
    body: Body, names: tuple[str, ...], reported: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """Return the head modules that `names` leave out; () when their names are not known.

    None when nothing is left out, or nothing is known of it.
    """
    checkpoint = literal(body.checkpoint)
    fresh = reported
    if fresh is None and isinstance(checkpoint, str) and body.task is not None:
        fresh = knowledge.fresh_heads(checkpoint, body.task) or None
    if fresh is None:
        heads = knowledge.heads(body.family, body.task)
        fresh = heads.modules if heads else None
    if fresh is None:
        # Any class of these tasks has a head, and nothing at all is named.
        return () if not names and body.task in knowledge.TASK_TYPES and _has_head(body) else None
    left = tuple(name for name in fresh if not knowledge.covers(name, names))
    return left or None


def _has_head(body: Body) -> bool:
    fitting = knowledge.TASK_TYPES.get(body.task or "", "")
    return fitting in knowledge.ADDED_BY_TASK_TYPE


def _suspicion(candidate: Candidate) -> Suspicion:
    event, body = candidate.event, candidate.body
    what = _listed(candidate.missing) if candidate.missing else "the head"
    verb = "are" if len(candidate.missing) > 1 else "is"
    seen = ", as the saved output says," if candidate.reported else ","
    loaded = "its saved output names what is new" if candidate.reported else "with a head of random weights"
    return Suspicion(
        code="PEF301",
        severity=candidate.severity,
        message=(
            f"{what} of the {_words(body)} {verb} new{seen} "
            "but neither trained nor saved with the adapter"
        ),
        anchor=event.config.node,
        story=(
            (body.node, f"the model is loaded here, {loaded}"),
            (event.config.node, "this config does not name the head"),
            (event.node, "the model gets the adapter here, and its head is frozen"),
        ),
        cause=event.config.node,
        proposals=_proposals(candidate),
    )


def _listed(names: tuple[str, ...]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _words(body: Body) -> str:
    """Return a task in words: "sequence classification model"."""
    parts = "".join(f" {char.lower()}" if char.isupper() else char for char in body.task or "")
    return f"{parts.strip()} model"


def _proposals(candidate: Candidate) -> tuple[Proposal, ...]:
    event, body = candidate.event, candidate.body
    task_type = knowledge.TASK_TYPES.get(body.task or "")
    added = knowledge.ADDED_BY_TASK_TYPE.get(task_type or "")
    given = event.config.get("task_type")
    usable = bool(added) and event.how not in _WITHOUT_TASK
    by_type = usable and (given is None or literal(given, ...) is None)
    left = candidate.missing
    targets = _texts(event.config.get("target_modules"))
    all_linear = literal(event.config.get("target_modules")) == "all-linear"
    hit = targets is None or any(_hits(target, left) for target in targets)
    if targets and all(_hits(target, left) for target in targets):
        # Without the head nothing is left to adapt, and PEFT refuses that.
        return ()
    # A head that gets an adapter of its own must be named beforehand: the task types for
    # tokens and answers name it too late, and PEFT raises (A12).
    if by_type and added is not None and not hit:
        left = tuple(name for name in left if not knowledge.covers(name, added))
    if not left and (hit or not by_type):
        return ()
    names = (*candidate.named, *(name.rpartition(".")[2] for name in left)) if left else ()
    known = isinstance(body.checkpoint, Literal) or candidate.reported
    known = known and bool(candidate.missing)
    safe = known and not candidate.named and (not hit or all_linear)
    parts = [f"task_type=TaskType.{task_type}"] if by_type else []
    parts += [f"modules_to_save={_list(names)}"] if names else []
    visitor = NameTheHead(task_type if by_type else None, names)
    return (
        Proposal(
            f"Train and save the head with {' and '.join(parts)}",
            Applicability.SAFE if safe else Applicability.UNSAFE,
            visitor,
            (event.config.node,),
        ),
    )


def _hits(target: str, heads: tuple[str, ...]) -> bool:
    """Return whether a name of `target_modules` matches one of the heads, as PEFT matches it."""
    return any(head == target or head.endswith(f".{target}") for head in heads)


def _list(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


class NameTheHead:
    """Add `task_type=` and `modules_to_save=` to the config."""

    def __init__(self, task_type: str | None, names: tuple[str, ...]) -> None:
        self._task_type = task_type
        self._names = names

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Add what is missing in the call's own layout; replace what is there."""
        if any(argument.star for argument in original.args):
            raise NoFix("the config may name its head in what is unpacked")
        wanted = {}
        if self._task_type is not None:
            wanted["task_type"] = f"{rewriting.spelling('peft.TaskType')}.{self._task_type}"
        if self._names:
            wanted["modules_to_save"] = _list(self._names)
        from peft_lint.syntax.calls import add_keyword, replace_keyword

        spelled = {one.keyword.value for one in original.args if one.keyword}
        for name, value in wanted.items():
            change = replace_keyword if name in spelled else add_keyword
            updated = change(updated, name, value)
        return updated
