"""PEF308: `modules_to_save` is a str or something else that PEFT does not read as a list."""

from __future__ import annotations

import ast

from peft_lint import knowledge
from peft_lint.events import ConfigUsed
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Config, Node
from peft_lint.interpreter.values import Items, Literal, Value, literal
from peft_lint.lean import Record
from peft_lint.library.configs import PROMPT_LEARNING, task_type
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword, Replace, ReplaceKeyword, as_list, gives

_FIELD = "modules_to_save"
_SAFE, _UNSAFE = Applicability.SAFE, Applicability.UNSAFE
# Where the class of the PeftModel follows from the task type, and adds the names of heads.
_BY_TASK = ("get_peft_model", "trainer")


class Defect(Record):
    """What is wrong with a value, and the code to write for it: "" to leave it out."""

    words: str
    code: str | None
    applicability: Applicability


class Rule(OnePerPlace):
    """Looks at the field when a config is used."""

    def on_config_used(self, event: ConfigUsed, scene: Scene) -> None:
        """Suspect a value that is no list."""
        config = event.config
        value = config.get(_FIELD)
        if value is None or config.class_name is None or config.class_name in PROMPT_LEARNING:
            return
        spelled = config.expression(_FIELD)
        defect = _defect(value, spelled, event, scene)
        if defect is not None:
            anchor = spelled or config.node
            self._found.setdefault(anchor, _suspicion(event, anchor, defect))


def _defect(
    value: Value, spelled: ast.expr | None, event: ConfigUsed, scene: Scene
) -> Defect | None:
    source = scene.document.source(spelled) if spelled is not None else ""
    text = literal(value, ...)
    if isinstance(text, str) and text:
        return _of_text(text, source, spelled)
    if text is None and isinstance(value, Literal) and isinstance(value.node, ast.Call):
        return Defect("is the None that a method of lists returns", _grown(spelled, scene), _UNSAFE)
    if not isinstance(value, Items):
        return None
    if any(literal(item, ...) is None for item in value.items):
        return Defect("holds None, which PEFT takes for a name", "", _UNSAFE)
    given = literal(task_type(event.config) or value)
    added = knowledge.ADDED_BY_TASK_TYPE.get(given) if isinstance(given, str) else None
    extends = event.how in _BY_TASK and scene.machine.target.at_least("peft", "0.11")
    if value.kind == "list" or not added or not extends:
        return None
    words = f"is a {value.kind}, which PEFT cannot extend by the head's names"
    if isinstance(spelled, (ast.Tuple, ast.Set)) and value.exact:
        items = ", ".join(scene.document.source(item) for item in spelled.elts)
        return Defect(words, f"[{items}]", _SAFE)
    return Defect(words, f"list({source})", _UNSAFE)


def _of_text(text: str, source: str, spelled: ast.expr | None) -> Defect:
    words = "is a str, which PEFT reads letter by letter"
    if not isinstance(spelled, ast.Constant):
        return Defect(words, f"[{source}]", _UNSAFE)
    names = [name for name in text.replace(",", " ").split() if name]
    if len(names) == 1:
        return Defect(words, f"[{source}]", _SAFE)
    return Defect(words, as_list(names), _UNSAFE)


def _grown(spelled: ast.expr | None, scene: Scene) -> str | None:
    """Return the list that `x.append(y)` or `x.extend(y)` makes of x, as a display."""
    if not isinstance(spelled, ast.Call) or not isinstance(spelled.func, ast.Attribute):
        return None
    stars = {"append": "", "extend": "*"}.get(spelled.func.attr)
    if stars is None or len(spelled.args) != 1:
        return None
    old, new = spelled.func.value, spelled.args[0]
    return f"[*{scene.document.source(old)}, {stars}{scene.document.source(new)}]"


def _suspicion(event: ConfigUsed, anchor: Node, defect: Defect) -> Suspicion:
    steps = ((event.node, "and the config is used here"),) if event.how != "return" else ()
    return Suspicion(
        code="PEF308",
        severity=Severity.ERROR,
        message=f"{_FIELD} {defect.words}: it has to be a list of names",
        anchor=anchor,
        story=((anchor, f"{_FIELD} {defect.words}"), *steps),
        cause=event.config.node,
        proposals=_proposals(event.config, anchor, defect),
    )


def _proposals(config: Config, anchor: Node, defect: Defect) -> tuple[Proposal, ...]:
    code = defect.code
    if code is None:
        return ()
    if not gives(config.node, anchor):
        if not isinstance(anchor, ast.Constant):
            return ()
        return (Proposal(f"Write {code}", defect.applicability, Replace(code), (anchor,)),)
    visitor = ReplaceKeyword(_FIELD, code) if code else RemoveKeyword(_FIELD)
    title = f"Write {code}" if code else f"Remove {_FIELD}"
    return (Proposal(title, defect.applicability, visitor, (config.node,)),)
