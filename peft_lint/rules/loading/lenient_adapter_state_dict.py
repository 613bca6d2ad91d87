"""PEF104: load_state_dict(…, strict=False) of an adapter's file, which matches nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from os.path import basename

from peft_lint.events import AdapterLoaded, Saved, StateDictLoaded
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Kind, Node, Weights
from peft_lint.interpreter.values import Value
from peft_lint.lean import Record
from peft_lint.library.registry import canonical
from peft_lint.library.weights import ADAPTER_FILES, file_name, file_of, is_adapter
from peft_lint.names import only_read
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

_WRITERS = ("torch.save", "safetensors.save_file")


class Candidate(Record):
    """A lenient load whose result nobody reads; `file` is where the weights were read from."""

    statement: ast.Expr
    node: ast.Call
    kind: Kind
    body: Body
    adapter: bool
    file: Value | None


class Rule:
    """Looks at each lenient load, and at what the document writes into files itself."""

    def __init__(self) -> None:
        self._candidates: dict[Node, Candidate] = {}
        self._files: list[tuple[Value, bool]] = []
        self._saves: set[Node] = set()
        self._settled: set[Node] = set()

    def on_state_dict_loaded(self, event: StateDictLoaded, scene: Scene) -> None:
        """Note a load by name that nothing has to match, alone in its statement."""
        node, statement, kind = event.node, scene.machine.statement, scene.handle(event).kind
        adapter, file = is_adapter(event.weights), file_of(event.weights)
        if not adapter:
            self._settle(event, scene)
        if event.strict is not False or kind not in (Kind.PEFT, Kind.TUNER):
            return
        if not isinstance(statement, ast.Expr) or statement.value is not node:
            return
        assert isinstance(node, ast.Call)
        if (adapter or file is not None) and _as_read(node, scene.function or scene.document.tree):
            found = Candidate(statement, node, kind, scene.body(event), adapter, file)
            self._candidates.setdefault(node, found)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Weights come after all, by a way that fits."""
        self._settle(event, scene)

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Note which files hold an adapter's weights alone, and which a model's own."""
        self._saves.add(event.node)
        if event.how == "torch.save" and event.path is not None:
            self._files.append((event.path, is_adapter(event.weights)))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what loads nothing, and what may."""
        for one in self._candidates.values():
            written = {adapter for path, adapter in self._files if _same(path, one.file)}
            if one.node in self._settled or written == {False}:
                continue
            if written == {True} or (one.adapter and not self._writes_file_of_its_own(scene)):
                yield _error(one)
            elif not one.adapter and not written and one.kind is Kind.PEFT and _is_fresh(one.body):
                yield _info(one)

    def _settle(self, event: AdapterLoaded | StateDictLoaded, scene: Scene) -> None:
        body = scene.body(event).node
        earlier = (one.node for one in self._candidates.values() if one.body.node is body)
        self._settled.update(node for node in earlier if node is not event.node)

    def _writes_file_of_its_own(self, scene: Scene) -> bool:
        """Return whether the document writes such a file itself, and it is not known with what."""
        calls = (node for node in scene.document.nodes if isinstance(node, ast.Call))
        texts = (
            part.value
            for call in calls
            if call not in self._saves and canonical(scene.symbol(call.func) or "") in _WRITERS
            for part in ast.walk(call)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        )
        return any(basename(text) in ADAPTER_FILES for text in texts)


def _same(path: Value, other: Value | None) -> bool:
    """Return whether two paths are the same one, or may be: the files have one name."""
    name = file_name(path)
    return path == other or (name is not None and other is not None and name == file_name(other))


def _as_read(call: ast.Call, scope: ast.AST) -> bool:
    """Return whether the weights are loaded as they were read: nothing changes them between."""
    given = call.args[0] if call.args else None
    return isinstance(given, ast.Call) or (isinstance(given, ast.Name) and only_read(given, scope))


def _is_fresh(body: Body) -> bool:
    """Return whether all adapters wait for weights, which must be those of the file then."""
    waiting = (Weights.ZERO, Weights.FRESH)
    return bool(body.adapters) and all(one.weights in waiting for one in body.adapters or ())


def _error(one: Candidate) -> Suspicion:
    from peft_lint.rules.loading.lenient_adapter_state_dict_fix import LoadAdapter

    title = "Load the weights with set_peft_model_state_dict"
    proposals: tuple[Proposal, ...] = ()
    if one.kind is Kind.PEFT and one.body.active is not None and len(one.body.active) == 1:
        visitor = LoadAdapter(one.body.active[0])
        proposals = (Proposal(title, Applicability.UNSAFE, visitor, (one.node,)),)
    return Suspicion(
        code="PEF104",
        severity=Severity.ERROR,
        message=(
            "none of the adapter's weights is loaded: their names lack the adapter's name, "
            "and strict=False hides it"
        ),
        anchor=one.node,
        story=((one.node, "an adapter's weights are loaded by names that no module has here"),),
        cause=one.node,
        proposals=proposals,
    )


def _info(one: Candidate) -> Suspicion:
    from peft_lint.rules.loading.lenient_adapter_state_dict_fix import Check

    check = Proposal("Check what was loaded", Applicability.UNSAFE, Check(), (one.statement,))
    return Suspicion(
        code="PEF104",
        severity=Severity.INFO,
        message="strict=False hides whether any of the adapter's weights is loaded",
        anchor=one.node,
        story=((one.node, "names that do not match are passed over here, and nobody asks which"),),
        cause=one.node,
        proposals=(check,),
    )
