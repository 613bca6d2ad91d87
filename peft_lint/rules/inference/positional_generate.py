"""PEF204: a sequence-to-sequence PeftModel gets its inputs by position; its generate takes none."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator

from peft_lint.events import Inference
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Kind, Node
from peft_lint.interpreter.values import Unknown, literal
from peft_lint.rules.guards import names_the_class
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import NamePositions

# What the first argument of transformers' `generate` is called, by the task of the model and,
# for speech, by its family.
_TEXT, _SPEECH = "input_ids", "input_features"
_SPEECH_FAMILIES = frozenset({"whisper", "speech_to_text"})


class Rule(OnePerPlace):
    """Looks at each `generate` of a PeftModel that was made for SEQ_2_SEQ_LM."""

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """Suspect inputs by position."""
        handle, node = scene.handle(event), event.node
        if handle.kind is not Kind.PEFT or literal(handle.settings) != "SEQ_2_SEQ_LM":
            return
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return
        if node.func.attr != "generate" or not node.args or isinstance(node.args[0], ast.Starred):
            return
        if isinstance(handle.node, ast.Call) and not names_the_class(handle.node, scene):
            # A class of the document may have a method of its own.
            return
        keyword = _keyword(scene.body(event))
        sure = keyword is not None and _is_called(keyword, node.args[0], scene)
        self._found.setdefault(node, _suspicion(handle.node, node, keyword, sure))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found, unless the document gives models a method of its own."""
        if self._found and not scene.assigns("generate"):
            yield from super().finish(scene)


def _keyword(body: Body) -> str | None:
    """Return what the model's inputs are called, None where the model does not say."""
    if body.family in _SPEECH_FAMILIES:
        return _SPEECH
    return _TEXT if body.task == "Seq2SeqLM" else None


def _is_called(keyword: str, node: ast.expr, scene: Scene) -> bool:
    """Return whether an argument was had as what `keyword` says: `batch.input_ids`, by key."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        # `batch.input_ids.to(device)`
        node = node.func.value
    if isinstance(node, ast.Attribute) and node.attr == keyword:
        return True
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value == keyword
    value = scene.value(node)
    return isinstance(value, Unknown) and _mentions(value.origin, keyword)


def _mentions(origin: Hashable, word: str) -> bool:
    if isinstance(origin, tuple):
        return any(_mentions(part, word) for part in origin)
    return origin == word


def _suspicion(wrap: Node, call: ast.Call, keyword: str | None, sure: bool) -> Suspicion:
    proposals: tuple[Proposal, ...] = ()
    if keyword is not None:
        safety = Applicability.SAFE if sure else Applicability.UNSAFE
        visitor = NamePositions(keyword, "generation_config")
        proposals = (Proposal(f"Pass {keyword} by name", safety, visitor, (call,)),)
    return Suspicion(
        code="PEF204",
        severity=Severity.ERROR,
        message="generate of a PeftModelForSeq2SeqLM takes no positional argument: this raises",
        anchor=call,
        story=(
            (wrap, "the PeftModel is made for SEQ_2_SEQ_LM here"),
            (call, "and its generate is called by position here"),
        ),
        cause=call,
        proposals=proposals,
    )
