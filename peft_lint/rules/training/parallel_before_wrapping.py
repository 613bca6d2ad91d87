"""PEF412: the base is compiled or made parallel, and then gets its adapter."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Accelerated, Compiled, Enclosed, Saved, Trained
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Body, Handle, Kind, Node, Steps
from peft_lint.lean import Record
from peft_lint.library.registry import canonical
from peft_lint.locations import locate
from peft_lint.rules.turning import Step, turned
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

_PARALLEL = ("torch.DataParallel", "torch.DistributedDataParallel")
_NAMES = "the names of the adapter's weights get the wrapper's prefix, and fit no plain base"
_RANKS = "in several processes nothing makes the adapter's gradients agree, and each learns its own"


class Wrap(Record):
    """A wrap of a base that `made` made parallel, or compiled; `words` say what comes of it."""

    event: Enclosed
    made: ast.Call
    severity: Severity
    words: str
    compiled: bool = False


class Rule:
    """Follows such models to where the adapter is trained, saved or loaded."""

    def __init__(self) -> None:
        # A model and what is made of it here are one handle: where it is spelled tells them apart.
        self._made: dict[Node, tuple[int, bool]] = {}
        self._found: dict[Node, Wrap] = {}
        self._uses: dict[Node, Node] = {}

    def on_compiled(self, event: Compiled, scene: Scene) -> None:
        """Note what is compiled."""
        self._made[event.node] = (event.handle, True)

    def on_accelerated(self, event: Accelerated, scene: Scene) -> None:
        """Note what an accelerator prepares."""
        self._made[event.node] = (event.handle, False)

    def on_enclosed(self, event: Enclosed, scene: Scene) -> None:
        """Suspect a wrap of what is compiled or parallel."""
        wrap = self._wrap(event, scene)
        if wrap is not None:
            self._found.setdefault(event.node, wrap)
            if event.source is not None and wrap.words == _NAMES:
                self._uses.setdefault(event.node, event.node)

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """The names count where the adapter is written."""
        self._use(scene.body(event), event.node, _NAMES)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """The gradients count in a loop; a trainer also writes checkpoints."""
        self._use(scene.body(event), event.node, _RANKS if event.how == "backward" else _NAMES)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what is used."""
        for node, wrap in self._found.items():
            if node in self._uses:
                yield _suspicion(wrap, self._uses[node], scene)

    def _wrap(self, event: Enclosed, scene: Scene) -> Wrap | None:
        base, spelled = scene.world.heap[event.base], event.base_node
        made = base.node if isinstance(base, Handle) and base.kind is Kind.WRAPPER else None
        if isinstance(made, ast.Call):
            parallel = canonical(scene.symbol(made.func) or "") in _PARALLEL
            return Wrap(event, made, Severity.ERROR, _NAMES) if parallel else None
        if all(handle != event.base for handle, _ in self._made.values()):
            return None
        call = spelled if spelled in self._made else _bound_to(spelled, event.node, scene)
        if not isinstance(call, ast.Call) or call not in self._made:
            return None
        handle, compiled = self._made[call]
        if handle != event.base:
            return None
        if compiled:
            return Wrap(event, call, Severity.ERROR, _NAMES, compiled=True)
        return Wrap(event, call, Severity.WARNING, _RANKS)

    def _use(self, body: Body, node: Node, words: str) -> None:
        for adapter in body.adapters or ():
            wrap = self._found.get(adapter.node)
            if wrap is not None and wrap.words == words:
                self._uses.setdefault(adapter.node, node)


def _bound_to(name: ast.expr | None, below: Node, scene: Scene) -> ast.expr | None:
    """Return what a name is bound to last, where that surely happens before a place."""
    if not isinstance(name, (ast.Name, ast.Attribute)):
        return None
    spelled, first = ast.unparse(name), getattr(scene.function, "lineno", 0)
    above = [
        node
        for node in scene.document.nodes
        if isinstance(node, ast.Assign) and first <= node.lineno < below.lineno
        for target in node.targets
        if any(
            isinstance(one, type(name)) and ast.unparse(one) == spelled for one in _single(target)
        )
    ]
    if not above:
        return None
    last = max(above, key=lambda node: node.lineno)
    # In a branch of its own it may not have happened.
    around = locate(scene.document.tree, last).blocks[-1].body
    blocks = locate(scene.document.tree, below).blocks
    return last.value if any(block.body is around for block in blocks) else None


def _single(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]


def _suspicion(wrap: Wrap, use: Node, scene: Scene) -> Suspicion:
    event, made = wrap.event, wrap.made
    what = ast.unparse(made.func).rpartition(".")[2]
    story: Steps = (
        (made, f"{what} makes a wrapper of the base model here"),
        (event.node, "the adapter is put into the wrapper, not around it"),
    )
    if use is not event.node:
        story += ((use, wrap.words),)
    first = made.args[0] if made.args else None
    proposals: tuple[Proposal, ...] = ()
    if first is not None and event.base_node is not None:
        steps = Step(made, first), Step(event.node, event.base_node)
        title = f"Call {what} on the model that has its adapter"
        # A compiled model has all that a PeftModel has; a parallel wrapper has not.
        proposals = turned(title, *steps, scene.document, same_kind=wrap.compiled)
    return Suspicion(
        code="PEF412",
        severity=wrap.severity,
        message=f"{what} comes before the adapter: {wrap.words}",
        anchor=event.node,
        story=story,
        cause=event.node,
        proposals=proposals,
    )
