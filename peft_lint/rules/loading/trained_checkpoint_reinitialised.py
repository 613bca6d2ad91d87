"""PEF101: a checkpoint's config gives an adapter fresh weights; the trained ones never come."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import (
    Escaped,
    EvalCalled,
    Inference,
    Merged,
    ModelEvent,
    Saved,
    Wrapped,
)
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Node, Weights
from peft_lint.interpreter.values import Bound, literal
from peft_lint.lean import Record
from peft_lint.scene import Scene
from peft_lint.suspicion import Suspicion

# Who sets one of these on a config that was read wants new weights.
_TEMPLATE = frozenset({"inference_mode", "init_lora_weights", "init_weights"})


class Candidate(Record):
    """A wrap whose adapter is fresh though its config came from a checkpoint.

    `where` is that checkpoint, None where there are several, or it is not known.
    """

    event: Wrapped
    where: object
    base_from_config: bool
    already_loaded: bool
    sinks: dict[Node, tuple[bool, str]]


class Rule:
    """Follows such adapters to where they are used; loading or training discharges."""

    def __init__(self) -> None:
        self._candidates: dict[Node, Candidate] = {}
        self._discharged: set[Node] = set()
        # Calls of `.eval()`: they say that a use will follow, and are none themselves.
        self._ready: set[Node] = set()
        self._saved: set[str] = set()

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Open the obligation: these weights are fresh."""
        config = event.config
        # Who shows configs compares them: the adapters are untrained on purpose.
        if config.source is None or config.reported or not _TEMPLATE.isdisjoint(config.edited):
            return
        words = event.node.keywords if isinstance(event.node, ast.Call) else ()
        if any(word.arg == "low_cpu_mem_usage" for word in words):
            # Empty weights are made to be filled.
            return
        base = scene.body(event).checkpoint
        from_config = isinstance(base, Bound) and base.function == "base_model_name_or_path"
        loaded = any(one.weights is Weights.LOADED for one in event.before.adapters or ())
        where = literal(config.source)
        found = Candidate(event, where, from_config, loaded, {})
        known = self._candidates.setdefault(event.node, found)
        if known.where != where:
            self._candidates[event.node] = known._replace(where=None)

    def on_adapter_loaded(self, event: ModelEvent, scene: Scene) -> None:
        """Weights came after all, on any path, or the config is a template for new training.

        Whether a state dict brings all of them is for another rule.
        """
        body = scene.body(event)
        for node, candidate in self._candidates.items():
            if candidate.event.before.node is body.node:
                self._discharged.add(node)

    on_state_dict_loaded = on_trained = on_adapter_loaded

    def on_escaped(self, event: Escaped, scene: Scene) -> None:
        """Code out of view may load the weights: being made ready before shows no use."""
        for adapter in scene.body(event).adapters or ():
            candidate = self._candidates.get(adapter.node)
            if candidate is not None:
                for node in self._ready & candidate.sinks.keys():
                    candidate.sinks[node] = (False, candidate.sinks[node][1])

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """A trained model is meant where the model answers."""
        does = "generates" if event.how == "generate" else "answers"
        self._reach(event, scene, f"and the model {does} here, without the trained weights")

    def on_eval_called(self, event: EvalCalled, scene: Scene) -> None:
        """A trained model is meant where it is made ready for inference."""
        self._ready.add(event.node)
        self._reach(event, scene, "and it is made ready for inference here")

    def on_merged(self, event: Merged, scene: Scene) -> None:
        """A trained model is meant where it is merged."""
        self._reach(event, scene, "and the untrained adapter is merged here")

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """A trained model is meant where it is saved; and this is where adapters come from."""
        path = literal(event.path)
        if isinstance(path, str):
            self._saved.add(path)
        self._reach(event, scene, "and the untrained adapter is saved here")

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report wraps that reach a use without trained weights on every world."""
        for candidate in self._candidates.values():
            uses = [(node, words) for node, (fresh, words) in candidate.sinks.items() if fresh]
            if candidate.event.node in self._discharged or not uses:
                continue
            yield _suspicion(candidate, uses[0], candidate.where in self._saved)

    def _reach(self, event: ModelEvent, scene: Scene, words: str) -> None:
        body = scene.body(event)
        for adapter in body.adapters or ():
            candidate = self._candidates.get(adapter.node)
            if candidate is not None:
                fresh = adapter.weights in (Weights.FRESH, Weights.ZERO) and body.enabled is True
                before, _ = candidate.sinks.get(event.node, (True, words))
                candidate.sinks[event.node] = (before and fresh, words)


def _suspicion(candidate: Candidate, use: tuple[Node, str], own: bool) -> Suspicion:
    from peft_lint.rules.loading.trained_checkpoint_reinitialised_fix import proposals

    event = candidate.event
    named = f" of {candidate.where!r}" if isinstance(candidate.where, str) else ""
    safe = event.fresh_base and (own or candidate.base_from_config)
    return Suspicion(
        code="PEF101",
        severity=Severity.ERROR,
        message=(
            f"{event.how} gives the adapter{named} fresh weights; "
            "its trained weights are never loaded"
        ),
        anchor=event.node,
        story=(
            (event.config.node, "only the adapter's config is read here"),
            (event.node, "the adapter is created here, with fresh weights"),
            use,
        ),
        cause=event.node,
        proposals=proposals(candidate, Applicability.SAFE if safe else Applicability.UNSAFE),
    )
