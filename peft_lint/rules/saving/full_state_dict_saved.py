"""PEF510: all weights of a PeftModel are saved by hand, where its adapter is meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Enclosed, Merged, ModelEvent, ParametersTouched, Saved, StateDictRead
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import PEFT_MODELS, Body, Node
from peft_lint.interpreter.values import Ref
from peft_lint.names import method_of
from peft_lint.rules.dumps import adapter_is_all, is_state_dict, reads_weights
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

_PICKLES = ("torch.save", "pickle.dump", "joblib.dump")


class Rule:
    """Looks at what is saved by hand: a PeftModel, or its state dict as it is."""

    def __init__(self) -> None:
        self._found: dict[Node, tuple[Suspicion, Node]] = {}
        self._saves: set[Node] = set()
        self._kept: set[Node] = set()

    def on_state_dict_loaded(self, event: ModelEvent, scene: Scene) -> None:
        """Note wrappers that get weights back by name, or whose `state_dict` is another's."""
        self._kept.add(scene.body(event).node)

    on_state_dict_replaced = on_state_dict_loaded

    def on_state_dict_read(self, event: StateDictRead, scene: Scene) -> None:
        """Note weights that are gathered from the processes that share the model."""
        method = method_of(event.node)
        if method is None or method.attr != "state_dict":
            self._kept.add(scene.body(event).node)

    def on_parameters_touched(self, event: ParametersTouched, scene: Scene) -> None:
        """Note models of which more may be trained, on some path; a save is told here as well."""
        if event.on is not False and event.node not in self._saves:
            self._kept.add(scene.body(event).node)

    def on_enclosed(self, event: Enclosed, scene: Scene) -> None:
        """Note bases that were trained themselves before they got their adapter."""
        if event.before.trained is not False:
            self._kept.add(event.before.node)

    def on_merged(self, event: Merged, scene: Scene) -> None:
        """Note bases that an adapter was merged into."""
        self._kept.add(scene.body(event).node)

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Suspect a file with the base's weights beside those of the adapter."""
        body = scene.body(event)
        self._saves.add(event.node)
        if event.how != "torch.save" or scene.handle(event).kind not in PEFT_MODELS:
            return
        whole = isinstance(event.weights, Ref)
        if not whole and not is_state_dict(event, scene):
            return
        if adapter_is_all(body) and isinstance(event.node, ast.Call):
            suspicion = _suspicion(event, event.node, body, scene, whole)
            self._found.setdefault(event.node, (suspicion, body.node))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report them, unless the document reads such files itself."""
        found = [one for one, body in self._found.values() if body not in self._kept]
        if found and not reads_weights(scene):
            yield from found


def _suspicion(event: Saved, call: ast.Call, body: Body, scene: Scene, whole: bool) -> Suspicion:
    adapter = (body.adapters or ())[-1]
    pickled = whole and scene.symbol(call.func) in _PICKLES
    what = "the whole PeftModel is pickled" if pickled else "the PeftModel's state dict is saved"
    then = (
        "torch.load refuses it by default"
        if pickled
        else "only a model that is wrapped in the same way can load it"
    )
    return Suspicion(
        code="PEF510",
        severity=Severity.INFO,
        message=f"{what}, with all of its base: {then}",
        anchor=event.node,
        story=(
            (adapter.node, "only this adapter is new"),
            (event.node, "and it is saved here together with the weights of the base"),
        ),
        cause=event.node,
        proposals=_proposals(call, whole, scene),
    )


def _proposals(call: ast.Call, whole: bool, scene: Scene) -> tuple[Proposal, ...]:
    if scene.symbol(call.func) != "torch.save":
        return ()
    from peft_lint.rules.saving.full_state_dict_saved_fix import SaveAdapter

    title = "Save the adapter, with the PeftModel's own method"
    return (Proposal(title, Applicability.UNSAFE, SaveAdapter(call, whole), (call,)),)
