"""PEF506: weights are saved under the names of a compiled or parallel wrapper."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Compiled, Saved, StateDictRead, WeightsRead
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Kind, Node
from peft_lint.interpreter.values import Unknown, Value
from peft_lint.lean import Record
from peft_lint.library.weights import is_adapter
from peft_lint.names import method_of
from peft_lint.rules.dumps import is_state_dict, mentions, reads_weights
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import Replace

# What takes the prefix off the names, or the wrapper off the model.
_UNWRAPPING = ("_orig_mod", "module", "unwrap_model", "extract_model_from_parallel")
_PARALLEL = ("DataParallel", "DistributedDataParallel")


class Wrapped(Record):
    """What makes the wrapper, and by which attribute of it the model is had."""

    node: Node
    attribute: str

    @property
    def prefix(self) -> str:
        """What the names of the weights begin with."""
        return f"{self.attribute}."


class Read(Record):
    """The call that asks a wrapper for weights, and the expression that spells the wrapper."""

    node: Node
    receiver: ast.expr
    wrapped: Wrapped


class Rule(OnePerPlace):
    """Looks at state dicts of wrappers that are written to files as they are."""

    def __init__(self) -> None:
        super().__init__()
        # A compiled model and the one inside are one handle; the name tells them apart.
        self._compiled: dict[tuple[int, str], Wrapped] = {}
        self._reads: dict[int, Read] = {}

    def on_compiled(self, event: Compiled, scene: Scene) -> None:
        """Note which name a compiled model gets."""
        statement = scene.machine.statement
        if isinstance(statement, ast.Assign) and statement.value is event.node:
            name = ast.unparse(statement.targets[0])
            if not _is_bound_later(name, statement, scene):
                self._compiled[(event.handle, name)] = Wrapped(event.node, "_orig_mod")

    def on_state_dict_read(self, event: StateDictRead, scene: Scene) -> None:
        """Note who was asked for all weights."""
        method = method_of(event.node)
        if method is not None and method.attr == "state_dict":
            self._read(event, method.value, scene)

    def on_weights_read(self, event: WeightsRead, scene: Scene) -> None:
        """Note who was asked for the adapter's weights; one keyword sees to the names."""
        call = event.node
        words = call.keywords if isinstance(call, ast.Call) else []
        if any(word.arg in (None, "unwrap_compiled") for word in words):
            self._reads.pop(event.handle, None)
        elif isinstance(call, ast.Call) and call.args and scene.handle(event).kind is Kind.PEFT:
            # A parallel wrapper has no adapters to be asked for: that raises.
            self._read(event, call.args[0], scene)

    def _read(self, event: StateDictRead | WeightsRead, receiver: ast.expr, scene: Scene) -> None:
        wrapped = self._compiled.get((event.handle, ast.unparse(receiver)))
        handle = scene.handle(event)
        if handle.kind is Kind.WRAPPER and isinstance(handle.node, ast.Call):
            made = scene.symbol(handle.node.func) or ""
            # FSDP gives the names of the model inside.
            if made.rpartition(".")[2] in _PARALLEL:
                wrapped = Wrapped(handle.node, "module")
        if wrapped is None:
            self._reads.pop(event.handle, None)
        else:
            self._reads[event.handle] = Read(event.node, receiver, wrapped)

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Suspect a file with names that only the same wrapper has."""
        read, body = self._reads.get(event.handle), scene.body(event)
        if event.how != "torch.save" or read is None or body.escaped or not body.adapters:
            return
        if is_state_dict(event, scene) or _is_all_of_adapter(event.weights, event.handle):
            self._found.setdefault(event.node, _suspicion(event, read))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report them, unless the document reads such files, or changes the names."""
        if self._found and not reads_weights(scene) and not mentions(scene, _UNWRAPPING):
            yield from super().finish(scene)


def _is_bound_later(name: str, statement: ast.Assign, scene: Scene) -> bool:
    """Return whether a name gets another value below a statement."""
    return any(
        isinstance(node, ast.Assign)
        and node.lineno > statement.lineno
        and any(ast.unparse(target) == name for target in node.targets)
        for node in scene.document.nodes
    )


def _is_all_of_adapter(weights: Value | None, handle: int) -> bool:
    """Return whether weights are what `get_peft_model_state_dict` gave, as it is."""
    origin = weights.origin if isinstance(weights, Unknown) else None
    return is_adapter(weights) and isinstance(origin, tuple) and origin[1] == ("parameters", handle)


def _suspicion(event: Saved, read: Read) -> Suspicion:
    wrapped, receiver = read.wrapped, read.receiver
    proposals: tuple[Proposal, ...] = ()
    if isinstance(receiver, (ast.Name, ast.Attribute)):
        visitor = Replace(f"{ast.unparse(receiver)}.{wrapped.attribute}")
        title = f"Ask the model inside, by .{wrapped.attribute}"
        proposals = (Proposal(title, Applicability.UNSAFE, visitor, (receiver,)),)
    return Suspicion(
        code="PEF506",
        severity=Severity.WARNING,
        message=(
            f"the saved names begin with {wrapped.prefix!r}: "
            "a model without that wrapper finds none of its weights in the file"
        ),
        anchor=event.node,
        story=(
            (wrapped.node, "the model gets a wrapper here"),
            (read.node, "which is asked for the weights, under its own names"),
            (event.node, "and they are saved here"),
        ),
        cause=event.node,
        proposals=proposals,
    )
