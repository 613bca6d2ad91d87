"""PEF416: the vocabulary grows after an adapter took the embeddings."""

from __future__ import annotations

import ast

from peft_lint.events import Resized, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Node
from peft_lint.lean import TYPE_CHECKING
from peft_lint.locations import locate
from peft_lint.names import variables
from peft_lint.rules.guards import is_guarded
from peft_lint.rules.vocabulary import enlarges, is_published, takes_embeddings
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class Rule(OnePerPlace):
    """Looks at each resize of a model whose embeddings an adapter has."""

    def __init__(self) -> None:
        super().__init__()
        self._wraps: dict[Node, Wrapped] = {}

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Note the call, for the fix."""
        self._wraps[event.node] = event

    def on_resized(self, event: Resized, scene: Scene) -> None:
        """Suspect a resize that surely changes the size of embeddings inside an adapter."""
        body = event.before
        taken = [one for one in body.adapters or () if takes_embeddings(one) is True]
        if not taken or not _is_bare(body) or any(one.merged is not False for one in taken):
            return
        size = event.node.args[0] if event.node.args else event.node.keywords[0].value
        tree = scene.document.tree
        if (
            isinstance(size, ast.Constant)
            or not enlarges(body.family, tree)
            or is_guarded(event.node, scene)
        ):
            return
        adapter = taken[0]
        suspicion = Suspicion(
            code="PEF416",
            severity=Severity.ERROR,
            message="the vocabulary is resized after the adapter took the embeddings, which raises",
            anchor=event.node,
            story=(
                (adapter.node, "the adapter puts layers of its own around the embeddings here"),
                (event.node, "and they cannot be resized any more here"),
            ),
            cause=event.node,
            proposals=_proposals(event.node, self._wraps.get(adapter.node), tree),
        )
        self._found.setdefault(event.node, suspicion)


def _is_bare(body: Body) -> bool:
    """Return whether a model has one input embedding, of the size that it was published with.

    To the size that it has, any model can be resized.
    """
    several = "Seq2Seq" in (body.model_class or "") or "Conditional" in (body.model_class or "")
    return body.resized is None and not body.escaped and not several and is_published(body)


def _proposals(resize: ast.Call, wrap: Wrapped | None, tree: ast.Module) -> tuple[Proposal, ...]:
    """Propose to resize the base, in the block where it gets the adapter."""
    if wrap is None or not isinstance(wrap.base_node, ast.Name):
        return ()
    location, other = locate(tree, resize), locate(tree, wrap.node)
    block = location.blocks[-1].body
    statement, first = location.statement, other.statement
    if other.blocks[-1].body is not block or not isinstance(statement, ast.Expr):
        return ()
    given = [*resize.args, *(word.value for word in resize.keywords)]
    between = block[block.index(first) : block.index(statement)]
    if statement.value is not resize or variables(*given) & variables(*between):
        # What is added to a tokenizer in between would come too late.
        return ()
    title = "Resize the embeddings before the model gets its adapter"
    fix = ResizeFirst(wrap.base_node.id, resize, statement)
    return (Proposal(title, Applicability.UNSAFE, fix, (wrap.node,)),)


class ResizeFirst:
    """Move the resize before the call that is visited, as one of the base."""

    def __init__(self, base: str, resize: ast.Call, statement: ast.stmt) -> None:
        self._base, self._resize, self._statement = base, resize, statement

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Take the statement away, and put the same call there."""
        resize = self._resize
        arguments: list[ast.expr | ast.keyword] = [*resize.args, *resize.keywords]
        given = ", ".join(rewriting.source(one) for one in arguments)
        rewriting.remove(self._statement)
        rewriting.insert_before(rewriting.target, f"{self._base}.resize_token_embeddings({given})")
