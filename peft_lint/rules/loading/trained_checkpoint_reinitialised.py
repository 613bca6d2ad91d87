"""PEF101: a checkpoint's config gives an adapter fresh weights; the trained ones never come."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from peft_lint.events import (
    AdapterLoaded,
    Escaped,
    EvalCalled,
    ModelEvent,
    Inference,
    Merged,
    Saved,
    StateDictLoaded,
    Trained,
    Wrapped,
)
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Node, Weights
from peft_lint.interpreter.values import Bound, literal
from peft_lint.scene import Scene
from peft_lint.suspicion import NoFix, Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

# Keywords of PeftConfig.from_pretrained that say where the checkpoint is.
_WHERE = ("subfolder", "revision", "token", "cache_dir", "use_auth_token")
# Who sets one of these on a config that was read wants new weights.
_TEMPLATE = frozenset({"inference_mode", "init_lora_weights", "init_weights"})
_SINKS = {
    "generate": "and the model generates here, without the trained weights",
    "forward": "and the model answers here, without the trained weights",
    "pipeline": "and the model answers here, without the trained weights",
}


class Candidate(NamedTuple):
    """A wrap whose adapter is fresh though its config came from a checkpoint."""

    event: Wrapped
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
        if config.source is None or not _TEMPLATE.isdisjoint(config.edited):
            return
        if config.reported:
            # A comparison of configs: the adapters are untrained on purpose.
            return
        if any(word.arg == "low_cpu_mem_usage" for word in _keywords(event.node)):
            # Empty weights are made to be filled.
            return
        body = scene.body(event)
        from_config = isinstance(body.checkpoint, Bound) and (
            body.checkpoint.function == "base_model_name_or_path"
        )
        loaded = any(one.weights is Weights.LOADED for one in event.before.adapters or ())
        self._candidates.setdefault(event.node, Candidate(event, from_config, loaded, {}))

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Weights came after all: nothing to say, on any path."""
        self._discharge(scene.body(event))

    def on_state_dict_loaded(self, event: StateDictLoaded, scene: Scene) -> None:
        """Weights came by name; whether all of them did is for another rule."""
        self._discharge(scene.body(event))

    def on_escaped(self, event: Escaped, scene: Scene) -> None:
        """Code out of view may load the weights: being made ready before shows no use."""
        for adapter in scene.body(event).adapters or ():
            candidate = self._candidates.get(adapter.node)
            if candidate is not None:
                for node in self._ready & candidate.sinks.keys():
                    candidate.sinks[node] = (False, candidate.sinks[node][1])

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """The config is a template for new training."""
        self._discharge(scene.body(event))

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """A trained model is meant where the model answers."""
        if event.how in _SINKS:
            self._reach(event, scene, _SINKS[event.how])

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
            own = literal(candidate.event.config.source) in self._saved
            yield _suspicion(candidate, uses[0], own)

    def _discharge(self, body: Body) -> None:
        for node, candidate in self._candidates.items():
            if candidate.event.before.node is body.node:
                self._discharged.add(node)

    def _reach(self, event: ModelEvent, scene: Scene, words: str) -> None:
        body = scene.body(event)
        for adapter in body.adapters or ():
            candidate = self._candidates.get(adapter.node)
            if candidate is not None:
                fresh = adapter.weights in (Weights.FRESH, Weights.ZERO) and body.enabled is True
                before, _ = candidate.sinks.get(event.node, (True, words))
                candidate.sinks[event.node] = (before and fresh, words)


def _keywords(node: Node) -> list[ast.keyword]:
    return node.keywords if isinstance(node, ast.Call) else []


def _suspicion(candidate: Candidate, use: tuple[Node, str], own: bool) -> Suspicion:
    event = candidate.event
    where = literal(event.config.source)
    named = f" of {where!r}" if isinstance(where, str) else ""
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
        proposals=_proposals(candidate, Applicability.SAFE if safe else Applicability.UNSAFE),
    )


def _proposals(candidate: Candidate, applicability: Applicability) -> tuple[Proposal, ...]:
    event = candidate.event
    targets = (event.node,)
    if event.how == "add_adapter":
        title = "Load the trained adapter with load_adapter"
        return (Proposal(title, Applicability.UNSAFE, LoadIntoPlainModel(event), targets),)
    if event.how not in ("get_peft_model", "PeftModel"):
        return ()
    if candidate.already_loaded:
        title = "Keep the model that carries the trained adapter already"
        return (Proposal(title, Applicability.UNSAFE, KeepBase(event), targets),)
    title = "Load the trained adapter with PeftModel.from_pretrained"
    return (Proposal(title, applicability, LoadTrained(event), targets),)


class LoadTrained:
    """Rewrite `get_peft_model(base, config)` as `PeftModel.from_pretrained(base, ID)`.

    `PeftModel(base, config)` likewise, with the class that it spells.
    """

    def __init__(self, event: Wrapped) -> None:
        self._event = event

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Change the function and the config argument; every other argument stays."""
        import libcst as cst

        event, source = self._event, self._event.config.source_node
        if source is None or event.config_node is None or not event.complete:
            raise NoFix("the checkpoint's id is not spelled out")
        mixed = any(word.arg == "mixed" for word in _keywords(event.node))
        if mixed:
            raise NoFix("a mixed model is loaded by another class")
        if event.how == "PeftModel":
            spelled = rewriting.code(updated.func)
        else:
            spelled = rewriting.spelling("peft.PeftModel")
        arguments: list[cst.Arg] = []
        for position, argument in enumerate(updated.args):
            name = argument.keyword.value if argument.keyword else None
            is_config = name == "peft_config" or (name is None and position == 1)
            if is_config:
                value = rewriting.expression(rewriting.copy(source, event.node))
                keyword = cst.Name("model_id") if name else None
                arguments.append(argument.with_changes(value=value, keyword=keyword))
            else:
                arguments.append(argument)
        call = updated.with_changes(
            func=rewriting.expression(f"{spelled}.from_pretrained"), args=arguments
        )
        return _with_keywords(call, event, rewriting)


def _with_keywords(call: cst.Call, event: Wrapped, rewriting: Rewriting) -> cst.Call:
    """Carry over where the checkpoint is, and a config that was edited since."""
    from peft_lint.syntax.calls import add_keyword

    for word in _keywords(event.config.node):
        if word.arg in _WHERE:
            call = add_keyword(call, word.arg, rewriting.copy(word.value, event.node))
    if event.config.edited and event.config_node is not None:
        call = add_keyword(call, "config", rewriting.source(event.config_node))
    return call


class KeepBase:
    """Rewrite `get_peft_model(base, config)` as `base`."""

    def __init__(self, event: Wrapped) -> None:
        self._event = event

    def leave_Call(
        self, original: cst.Call, updated: cst.Call, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Return the first argument."""
        base = self._event.base_node
        if base is None:
            raise NoFix("the model is not spelled out")
        return rewriting.expression(rewriting.copy(base, self._event.node))


class LoadIntoPlainModel:
    """Rewrite `model.add_adapter(config)` as `model.load_adapter(ID)`."""

    def __init__(self, event: Wrapped) -> None:
        self._event = event

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Change the method's name and its config argument."""
        import libcst as cst

        source = self._event.config.source_node
        function = updated.func
        if source is None or not updated.args or not isinstance(function, cst.Attribute):
            raise NoFix("the checkpoint's id is not spelled out")
        value = rewriting.expression(rewriting.copy(source, self._event.node))
        first = updated.args[0].with_changes(value=value, keyword=None)
        return updated.with_changes(
            func=function.with_changes(attr=cst.Name("load_adapter")),
            args=[first, *updated.args[1:]],
        )
