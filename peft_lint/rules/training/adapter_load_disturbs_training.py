"""PEF423: an adapter is in training, and loading or activating another one ends that."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import Activated, AdapterLoaded, ModelEvent, Stepped, Trained
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Body, Node
from peft_lint.rules.loops import once_in_loop
from peft_lint.rules.untrained import Untrained, displaced
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

# Trainers that never choose an adapter by themselves; those of preferences do.
_PLAIN = ("Trainer", "Seq2SeqTrainer", "SFTTrainer", "RewardTrainer")
# A body, and what is active in it.
_State = tuple[Node, int, tuple[str, ...] | None]


class Rule(Untrained):
    """Follows what is loaded and activated to the steps and runs that then change nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[Node, Suspicion] = {}
        self._causes: dict[_State, ModelEvent] = {}
        self._causes_by_node: dict[Node, ModelEvent] = {}
        # Bodies that have gradients which no step has used.
        self._pending: set[Node] = set()
        # What it looked like when gradients were computed that no step can use.
        self._lost: set[_State] = set()

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note a load beside other adapters: it may freeze them, or take their place."""
        if event.how == "load_adapter":
            self._note(event, scene)

    def on_activated(self, event: Activated, scene: Scene) -> None:
        """Note which adapters take the place of others."""
        self._note(event, scene)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Look at a run of a trainer; note for which adapters an own loop has gradients."""
        trainer = scene.trainer(event)
        if event.trainer is None:
            self._pending.add(scene.body(event).node)
            self._lost.add(_state(event, scene))
        elif trainer is not None and trainer.class_name in _PLAIN:
            super().on_trained(event, scene)

    def on_stepped(self, event: Stepped, scene: Scene) -> None:
        """Suspect a step that changes none of the adapters that the optimizer holds."""
        self._pending.discard(scene.body(event).node)
        super().on_stepped(event, scene)
        state = _state(event, scene)
        cause, adapter = self._causes.get(state), displaced(event, scene)
        if cause is not None and adapter is not None and state in self._lost:
            self._found.setdefault(cause.node, _suspicion(cause, adapter, event.node))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what displaced an adapter, and then what froze one."""
        yield from self._found.values()
        for run, body in self.runs():
            adapter = self._frozen(body)
            if adapter is not None and adapter.frozen_by is not None:
                yield _suspicion(self._causes_by_node[adapter.frozen_by], adapter, run)

    def _note(self, event: ModelEvent, scene: Scene) -> None:
        state = _state(event, scene)
        self._causes.pop(state, None)
        # A step that follows uses the gradients of the adapter that was active before.
        if state[0] not in self._pending and not once_in_loop(event, scene):
            self._causes[state] = event
            self._causes_by_node[event.node] = event
            self.froze(event, scene)

    def _frozen(self, body: Body) -> Adapter | None:
        """Return the adapter that was frozen by something else than its own load."""
        return next(
            (
                one
                for one in body.adapters or ()
                if one.frozen_by in self._causes_by_node and one.frozen_by is not one.node
            ),
            None,
        )


def _state(event: ModelEvent, scene: Scene) -> _State:
    body = scene.body(event)
    return body.node, scene.handle(event).body, body.active


def _suspicion(cause: ModelEvent, adapter: Adapter, run: Node) -> Suspicion:
    name = adapter.name
    proposals: tuple[Proposal, ...] = ()
    if isinstance(cause, AdapterLoaded):
        from peft_lint.rules.activating import Activate

        does = f"loading another adapter ends the training of {name!r}"
        title = f"Activate the adapter {name!r} again"
        fix = Activate(f'"{name}"')
        proposals = (Proposal(title, Applicability.UNSAFE, fix, (cause.node,)),)
    else:
        does = f"set_adapter ends the training of {name!r}"
    return Suspicion(
        code="PEF423",
        severity=Severity.WARNING,
        message=f"{does}: what follows changes nothing of it",
        anchor=cause.node,
        story=(
            (adapter.node, f"the adapter {name!r} is there to be trained from here on"),
            (cause.node, "this call makes it inactive, or freezes it"),
            (run, "and it is trained here, where nothing of it can change"),
        ),
        cause=cause.node,
        proposals=proposals,
    )
