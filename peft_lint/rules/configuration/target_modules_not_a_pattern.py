"""PEF305: target modules that no module can be called, as PEFT reads a text or a list."""

from __future__ import annotations

import ast

from peft_lint import knowledge
from peft_lint.events import ConfigUsed, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Config, Node
from peft_lint.interpreter.values import is_given, literal
from peft_lint.rules.guards import expects, names_the_class
from peft_lint.rules.target_words import (
    Defect,
    defect_of_list,
    defect_of_text,
    outer_names,
)
from peft_lint.rules.targets import CONFIGS, FIELD, changes, is_as_built, names_in
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import Replace, gives, written

# What PEFT raises, and `re` for what is no pattern.
_ERRORS = ("ValueError", "error", "PatternError", "Exception")


class Rule(OnePerPlace):
    """Looks at the field when a config is used, and again where the model is known."""

    def on_config_used(self, event: ConfigUsed, scene: Scene) -> None:
        """Suspect what no module of any model is called."""
        value = event.config.get(FIELD)
        text, names = literal(value), names_in(value)
        if isinstance(text, str):
            self._report(event, scene, defect_of_text(text))
        elif names:
            self._report(event, scene, defect_of_list(names))

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Suspect a pattern for the modules that are in no other, where layers are in some."""
        text = literal(event.config.get(FIELD))
        if not isinstance(text, str) or not _is_nested(event.before):
            return
        names = outer_names(text)
        if names is None or changes(scene.document, names.dead):
            return
        from peft_lint.knowledge.modules import has_module, outermost

        if outermost().isdisjoint(names.dead):
            family = event.before.family
            known = all(has_module(family, name) for name in names.dead)
            self._report(event, scene, names.defect(known))

    def _report(self, event: ConfigUsed | Wrapped, scene: Scene, defect: Defect | None) -> None:
        config = event.config
        if defect is None or config.class_name not in CONFIGS:
            return
        # With weights to adapt it is no error that no module is.
        if is_given(config.get("target_parameters")):
            return
        if names_the_class(config.node, scene) and not expects(event, scene, *_ERRORS):
            anchor = config.expression(FIELD) or config.node
            self._found.setdefault(anchor, _suspicion(event, anchor, defect))


def _is_nested(body: Body) -> bool:
    """Return whether a model is one of transformers, whose layers are in modules."""
    name = body.model_class or ""
    known = name.startswith("AutoModel") or knowledge.model_class(name) is not None
    return known and is_as_built(body)


def _suspicion(event: ConfigUsed | Wrapped, anchor: Node, defect: Defect) -> Suspicion:
    outcome = "PEFT finds nothing" if defect.severity is Severity.ERROR else "PEFT finds less"
    steps = () if event.node is event.config.node else ((event.node, f"{outcome} for it here"),)
    return Suspicion(
        code="PEF305",
        severity=defect.severity,
        message=defect.message,
        anchor=anchor,
        story=((anchor, defect.message), *steps),
        cause=event.config.node,
        proposals=_proposals(event.config, anchor, defect),
    )


def _proposals(config: Config, anchor: Node, defect: Defect) -> tuple[Proposal, ...]:
    code, plain = defect.code, isinstance(anchor, (ast.Constant, ast.List))
    if code is None:
        return ()
    # What stands elsewhere, or with comments, loses more than what is wrong.
    safe = defect.safe and plain and anchor.lineno == anchor.end_lineno
    applicability = Applicability.SAFE if safe else Applicability.UNSAFE
    if isinstance(anchor, ast.Constant) and not gives(config.node, anchor):
        return (Proposal(f"Write {code}", Applicability.UNSAFE, Replace(code), (anchor,)),)
    return written(config.node, FIELD, code, anchor, applicability)
