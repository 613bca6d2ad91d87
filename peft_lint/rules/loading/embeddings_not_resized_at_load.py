"""PEF108: an adapter trained with a larger vocabulary meets a base that still has the small one."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator

from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Node
from peft_lint.interpreter.values import literal
from peft_lint.lean import TYPE_CHECKING
from peft_lint.rules.reloads import Reload, Reloads, Stored
from peft_lint.rules.vocabulary import SIZES, enlarges
from peft_lint.scene import Scene
from peft_lint.suspicion import NoFix, Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class Rule(Reloads):
    """Compares the vocabulary of the model that was saved with that of the base at the load."""

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report loads on a base that no world resizes, from folders that only resized fill."""
        for stored, reloads in self.pairs(scene):
            resizes = [one.body.resized for one in stored]
            resize = resizes[0]
            if resize is None or None in resizes or any(one.body.resized for one in reloads):
                continue
            bases = [*(one.body for one in stored), *(one.body for one in reloads)]
            if not _same_base(bases, scene) or not enlarges(bases[0].family, scene.document.tree):
                continue
            if SIZES.isdisjoint(word.arg for word in reloads[0].node.keywords):
                yield _suspicion(stored[0], reloads[0], resize)


def _same_base(bodies: list[Body], scene: Scene) -> bool:
    """Return whether all were loaded from one id, with the size that it says."""
    ids = {literal(body.checkpoint) for body in bodies}
    source = ids.pop() if len(ids) == 1 else None
    if not isinstance(source, str) or os.path.normpath(source) in scene.machine.saved:
        return False
    sizes = (name for body in bodies for name, _ in body.arguments)
    known = all(body.complete for body in bodies) and SIZES.isdisjoint(sizes)
    # Embeddings that are put in place by hand have the size that they have.
    return known and not scene.assigns("vocab_size", "embed_tokens", "wte", "weight")


def _suspicion(stored: Stored, reload: Reload, resize: Node) -> Suspicion:
    proposals: tuple[Proposal, ...] = ()
    if stored.function is reload.function:
        proposals = (
            Proposal(
                "Resize the embeddings of the base before the load",
                Applicability.UNSAFE,
                ResizeFirst(reload, resize),
                (reload.node,),
            ),
        )
    return Suspicion(
        code="PEF108",
        severity=Severity.ERROR,
        message="the adapter was saved with a resized vocabulary, and this base is not resized",
        anchor=reload.node,
        story=(
            (resize, "the embeddings are resized here"),
            (stored.node, "the adapter is saved here, with embeddings of the new size"),
            (reload.node, "and loaded onto a base of the old size here, which raises"),
        ),
        cause=reload.node,
        proposals=proposals,
    )


class ResizeFirst:
    """Insert `base.resize_token_embeddings(…)` before the load, as the training had it."""

    def __init__(self, reload: Reload, resize: Node) -> None:
        self._reload = reload
        self._resize = resize

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line, where the base has a name."""
        load, resize = self._reload.node, self._resize
        base = load.args[0] if load.args else None
        if isinstance(load.func, ast.Attribute) and load.func.attr == "load_adapter":
            base = load.func.value
        if not isinstance(base, ast.Name) or not isinstance(resize, ast.Call) or not resize.args:
            raise NoFix("the base has no name here")
        size = rewriting.copy(resize.args[0], load)
        rewriting.insert_before(load, f"{base.id}.resize_token_embeddings({size})")
