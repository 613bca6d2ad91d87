"""PEF302: the task type of an adapter does not fit the class of its model."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint import knowledge
from peft_lint.events import Inference, Trained, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Config, Kind, Node
from peft_lint.interpreter.values import literal
from peft_lint.library.configs import task_type
from peft_lint.rules.abilities import is_bare, is_classifier, is_loaded, refuses_text
from peft_lint.rules.guards import expects
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword, ReplaceKeyword, gives

_FIELD = "task_type"
_GENERATING = ("CAUSAL_LM", "SEQ_2_SEQ_LM")
_TRAINERS = ("Trainer", "Seq2SeqTrainer")
_ERRORS = ("AttributeError", "TypeError", "ValueError", "Exception")
# What a document defines or assigns that lets a type fit after all.
_OWN = ("compute_loss", "prepare_inputs_for_generation", "forward")


class Rule(OnePerPlace):
    """Looks at wrapping, and at the first forward that a trainer or the code runs."""

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Suspect a type for generation on a class that cannot."""
        body, config = event.before, event.config
        wraps = event.how in ("get_peft_model", "trainer") and body.adapters == ()
        # Before 4.52 every model of transformers had the method.
        asks = wraps and scene.machine.target.at_least("transformers", "4.52")
        if asks and _type_of(config) in _GENERATING and (is_classifier(body) or is_bare(body)):
            words = "PEFT asks the model here for prepare_inputs_for_generation, which it lacks"
            self._add(config, event, body, words, _fitting(body), scene)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Suspect what the wrapper passes on, and a trainer that needs a loss."""
        if event.own_loss or event.how == "trainer":
            self._forward(event, scene)
        trainer = scene.trainer(event)
        if trainer is None or trainer.class_name not in _TRAINERS:
            return
        if any(word.arg in (None, "compute_loss_func") for word in trainer.node.keywords):
            return
        body = scene.body(event)
        if scene.handle(event).kind is Kind.PEFT and body.task is None and is_bare(body):
            words = "the trainer gets no loss here: the model has no head that could give one"
            for config in _configs(body):
                if _type_of(config) in knowledge.ADDED_BY_TASK_TYPE:
                    self._add(config, event, body, words, None, scene)

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """Suspect a forward of the wrapper; `generate` goes another way."""
        if event.how == "forward":
            self._forward(event, scene)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found, unless the document brings what is missing."""
        if self._found and not scene.assigns(*_OWN):
            functions = (ast.FunctionDef, ast.AsyncFunctionDef)
            nodes = scene.document.nodes
            if not any(isinstance(node, functions) and node.name in _OWN for node in nodes):
                yield from super().finish(scene)

    def _forward(self, event: Trained | Inference, scene: Scene) -> None:
        body = scene.body(event)
        if scene.handle(event).kind is Kind.PEFT and refuses_text(body) and is_loaded(body):
            words = "the wrapper passes text arguments on here, which the model does not take"
            for config in _configs(body):
                if _type_of(config) is not None:
                    self._add(config, event, body, words, "", scene)

    def _add(
        self,
        config: Config,
        event: Wrapped | Trained | Inference,
        body: Body,
        words: str,
        fit: str | None,
        scene: Scene,
    ) -> None:
        name, anchor = _type_of(config), config.expression(_FIELD) or config.node
        if anchor in self._found or expects(event, scene, *_ERRORS):
            return
        self._found[anchor] = Suspicion(
            code="PEF302",
            severity=Severity.ERROR,
            message=f"task_type {name} does not fit a model of the class {body.model_class}",
            anchor=anchor,
            story=(
                (body.node, "the model is loaded here"),
                (anchor, f"its adapter is made for {name}"),
                (event.node, words),
            ),
            cause=config.node,
            proposals=_proposals(config, anchor, fit, refuses_text(body), scene),
        )


def _type_of(config: Config) -> str | None:
    name = literal(task_type(config))
    return name if isinstance(name, str) else None


def _configs(body: Body) -> Iterator[Config]:
    for adapter in body.adapters or ():
        if adapter.config is not None and not adapter.native:
            yield adapter.config


def _fitting(body: Body) -> str:
    """Return the type that a class without generation needs, "" where it needs none."""
    if body.task is None and not refuses_text(body):
        return "FEATURE_EXTRACTION"
    return knowledge.TASK_TYPES.get(body.task or "", "")


def _proposals(
    config: Config, anchor: Node, fit: str | None, is_safe: bool, scene: Scene
) -> tuple[Proposal, ...]:
    if fit is None or not gives(config.node, anchor):
        return ()
    is_member = isinstance(anchor, ast.Attribute) and anchor.attr == _type_of(config)
    # What a parameter or a variable brings may be meant for other models as well.
    is_written = is_member or isinstance(anchor, ast.Constant)
    fix: RemoveKeyword | ReplaceKeyword
    if not fit:
        title, fix = f"Leave {_FIELD} out", RemoveKeyword(_FIELD)
        # With these models no type ever worked.
        safety = Applicability.SAFE if is_safe else Applicability.UNSAFE
    else:
        code = f'"{fit}"'
        if isinstance(anchor, ast.Attribute) and is_member:
            code = f"{scene.document.source(anchor.value)}.{fit}"
        elif is_written and scene.document.source(anchor).startswith("'"):
            code = f"'{fit}'"
        title, fix = f"Write {_FIELD}={code}", ReplaceKeyword(_FIELD, code)
        safety = Applicability.UNSAFE
    safety = safety if is_written else Applicability.DISPLAY
    return (Proposal(title, safety, fix, (config.node,)),)
