"""PEF205: a decoder classifies batches, and only its tokenizer was given a pad token."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import (
    Inference,
    ModelLoaded,
    PadTokenSet,
    TokenizerMade,
    Trained,
    TrainerMade,
)
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Node, Trainer
from peft_lint.interpreter.values import Bound, Literal, Value
from peft_lint.lean import Record
from peft_lint.rules.padding import (
    aligns_pad_token,
    lacks_pad_token,
    loader_batch,
    trainer_batch,
    writes_pad_token,
)
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion


class Use(Record):
    """Training or evaluation of a classifier: how large its batches are, and by which trainer."""

    node: Node
    body: Body
    size: int | None
    trainer: Node | None


class Rule:
    """Follows tokenizers that get a pad token to the classifiers of the same checkpoint."""

    def __init__(self) -> None:
        self._tokenizers: dict[ast.Call, list[Value | None]] = {}
        self._given: dict[Node, PadTokenSet] = {}
        self._trainers: dict[Node, TrainerMade] = {}
        self._loaded: dict[Node, ast.stmt] = {}
        self._trained: set[Node] = set()
        self._uses: dict[Node, Use] = {}
        self._evaluated: dict[Node, Use] = {}

    def on_tokenizer_made(self, event: TokenizerMade, scene: Scene) -> None:
        """Note which checkpoint a tokenizer is of."""
        self._tokenizers.setdefault(event.node, []).append(event.source)

    def on_pad_token_set(self, event: PadTokenSet, scene: Scene) -> None:
        """Note where a tokenizer gets its pad token."""
        if event.token is not None and _is_new(event.token):
            self._given.setdefault(event.node, event)

    def on_model_loaded(self, event: ModelLoaded, scene: Scene) -> None:
        """Note the statement that names the model."""
        if scene.machine.statement is not None:
            self._loaded.setdefault(event.node, scene.machine.statement)

    def on_trainer_made(self, event: TrainerMade, scene: Scene) -> None:
        """Note what a trainer was given."""
        self._trainers[event.node] = event

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Look at training by hand, or by a trainer that does not align the pad token."""
        body = scene.body(event)
        self._trained.add(body.node)
        if not lacks_pad_token(body):
            return
        if event.trainer is None:
            self._uses.setdefault(body.node, Use(event.node, body, loader_batch(scene), None))
            return
        trainer = scene.trainer(event)
        made = self._trainers.get(trainer.node) if trainer is not None else None
        if trainer is not None and made is not None and not aligns_pad_token(made, scene):
            size = trainer_batch(trainer, "per_device_train_batch_size", scene)
            self._uses.setdefault(body.node, Use(event.node, body, size, made.node))

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """Look at an evaluation by a trainer, which aligns nothing."""
        body = scene.body(event)
        if event.how != "trainer" or not lacks_pad_token(body):
            return
        states = scene.world.heap.values()
        trainers = [s for s in states if isinstance(s, Trainer) and s.handle == event.handle]
        made = self._trainers.get(trainers[0].node) if len(trainers) == 1 else None
        if made is not None and made.library == "transformers" and made.complete:
            size = trainer_batch(trainers[0], "per_device_eval_batch_size", scene)
            self._evaluated.setdefault(body.node, Use(event.node, body, size, made.node))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report classifiers whose tokenizer has a pad token that nothing gives to their config."""
        # Where there is training, it may come before the evaluation, and have aligned them.
        alone = {n: use for n, use in self._evaluated.items() if n not in self._trained}
        uses = [use for use in {**alone, **self._uses}.values() if use.size != 1]
        if not uses or writes_pad_token(scene, but=self._given):
            return
        for use in uses:
            for event in self._given.values():
                sources = self._tokenizers[event.tokenizer]
                if use.body.checkpoint in sources:
                    yield _suspicion(use, event, self._loaded.get(use.body.node))
                    break


def _is_new(token: Value) -> bool:
    """Return whether a pad token is another than the one that a config may know as padding."""
    if isinstance(token, Bound):
        return token.function not in ("unk_token", "unk_token_id")
    return not isinstance(token, Literal) or all(
        isinstance(one, str) and one != "<unk>" for one in token.values
    )


def _suspicion(use: Use, given: PadTokenSet, loaded: ast.stmt | None) -> Suspicion:
    from peft_lint.rules.inference.classifier_without_pad_token_fix import GivePadToken

    node = use.body.node
    title = "Give the tokenizer's pad token to the model's config"
    visitor = GivePadToken(loaded, given, use.trainer)
    return Suspicion(
        code="PEF205",
        severity=Severity.ERROR if use.size else Severity.WARNING,
        message=(
            "the classifier's config has no pad_token_id: "
            "batches of more than one raise a ValueError"
        ),
        anchor=node,
        story=(
            (node, "the checkpoint's config has no padding token"),
            (given.node, "only the tokenizer gets one here"),
            (use.node, "and the model gets padded batches here"),
        ),
        cause=node,
        proposals=(Proposal(title, Applicability.SAFE, visitor, (node,)),),
    )
