"""PEF414: padding is the end token, and the collator masks whatever is padding in the labels."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint import knowledge
from peft_lint.events import PadTokenSet, TokenizerMade, TrainerMade
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Node, Tool
from peft_lint.interpreter.values import literal
from peft_lint.rules.end_tokens import written
from peft_lint.rules.guards import is_conditional
from peft_lint.rules.trainers import maker
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

_COLLATOR = "transformers.DataCollatorForLanguageModeling"
# Families whose tokenizers have no token for padding: `if tokenizer.pad_token is None` holds.
_WITHOUT = frozenset("llama mistral mixtral falcon gpt2 gpt_neo gpt_neox gptj".split())
# Families whose tokenizers heed `add_eos_token=True` in every release.
_ENDING = ("llama", "mistral", "mixtral")


class Rule:
    """Compares the tokenizers that pad with their end token with those of collators in use."""

    def __init__(self) -> None:
        # By the call that makes the tokenizer: where it got its own end token for padding.
        self._ends: dict[ast.Call, Node] = {}
        # Those that get another one somewhere, or may have one.
        self._others: set[ast.Call] = set()
        self._used: dict[ast.Call, tuple[ast.Call, TrainerMade]] = {}
        self._made: set[ast.expr] = set()
        # Those that put the end token at each text by themselves, and where the call says so.
        self._ending: dict[ast.Call, ast.expr] = {}

    def on_tokenizer_made(self, event: TokenizerMade, scene: Scene) -> None:
        """Note each tokenizer: the end token of one says nothing of the text of another."""
        self._made.add(event.node)
        name = literal(event.source)
        if isinstance(name, str) and knowledge.family(name) in _ENDING:
            for word in event.node.keywords:
                said = isinstance(word.value, ast.Constant) and word.value.value is True
                if word.arg == "add_eos_token" and said and not scene.assigns("add_eos_token"):
                    self._ending[event.node] = word.value

    def on_pad_token_set(self, event: PadTokenSet, scene: Scene) -> None:
        """Note what a tokenizer pads with."""
        if event.is_end and (_has_none(event.tokenizer, scene) or not is_conditional(event, scene)):
            self._ends.setdefault(event.tokenizer, event.node)
        else:
            self._others.add(event.tokenizer)

    def on_trainer_made(self, event: TrainerMade, scene: Scene) -> None:
        """Note the tokenizer of a collator that makes the labels out of the input."""
        found = maker(dict(event.keywords).get("data_collator"), scene)
        if event.library != "transformers" or found is None or found[0] != _COLLATOR:
            return
        collator = found[1]
        given = {word.arg: word.value for word in collator.keywords}
        mlm = given.get("mlm", collator.args[1] if len(collator.args) > 1 else None)
        tokenizer = given.get("tokenizer", collator.args[0] if collator.args else None)
        state = scene.world.state(scene.value(tokenizer)) if tokenizer is not None else None
        causal = isinstance(mlm, ast.Constant) and mlm.value is False
        if causal and isinstance(state, Tool) and not scene.assigns("torch_call"):
            self._used.setdefault(state.node, (collator, event))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report those whose text surely ends in the end token."""
        for tokenizer, (collator, event) in self._used.items():
            padding = self._ends.get(tokenizer)
            if padding is None or tokenizer in self._others or _pads(tokenizer):
                continue
            end = written(scene.document.tree, self._made - {tokenizer})
            end = self._ending.get(tokenizer) if end is None else end
            if end is not None:
                yield _suspicion(padding, end, collator, event)


def _has_none(tokenizer: ast.Call, scene: Scene) -> bool:
    """Return whether the checkpoint that the text names has no token for padding."""
    name = tokenizer.args[0] if tokenizer.args else None
    checkpoint = literal(scene.value(name)) if name is not None else None
    if isinstance(name, ast.Constant):
        checkpoint = name.value
    return isinstance(checkpoint, str) and knowledge.family(checkpoint) in _WITHOUT


def _pads(tokenizer: ast.Call) -> bool:
    """Return whether the call itself may say what is for padding."""
    return any(word.arg in (None, "pad_token") for word in tokenizer.keywords)


def _suspicion(padding: Node, end: ast.expr, collator: ast.Call, event: TrainerMade) -> Suspicion:
    title = "Pad with a token of its own, or mask the labels by the attention mask"
    return Suspicion(
        code="PEF414",
        severity=Severity.WARNING,
        message=(
            "the end token is also the padding, and this collator masks padding in the labels: "
            "the model does not learn to stop"
        ),
        anchor=collator,
        story=(
            (padding, "the tokenizer pads with its end token from here on"),
            (end, "the text gets an end token here"),
            (collator, "the collator leaves tokens that are padding out of the labels"),
            (event.node, "and the trainer makes its batches with it"),
        ),
        cause=padding,
        proposals=(Proposal(title, Applicability.DISPLAY, object(), (collator,)),),
    )
