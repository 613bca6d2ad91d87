"""What a rule says when an event looks wrong: the anchor, the story, and how it might be fixed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from peft_lint.finding import Applicability, Severity
from peft_lint.lean import TYPE_CHECKING, Record

if TYPE_CHECKING:
    from peft_lint.interpreter.objects import Node, Steps
    from peft_lint.scene import Scene


class Withdraw(Exception):  # noqa: N818 - control flow of a visitor, not an error
    """Raised by a visitor whose syntax shows that the suspicion does not hold there."""


class NoFix(Exception):  # noqa: N818 - control flow of a visitor, not an error
    """Raised by a visitor when the claim holds but this fix cannot be written there."""


class Proposal(Record):
    """One way to fix a suspicion.

    `visitor` is a plain object with LibCST-style methods. For every node in `targets` (nodes
    of the document's tree) the engine parses the window around it and calls, on the LibCST
    node at exactly that place,

        visit_Call(node, rewriting)              may raise Withdraw or NoFix
        leave_Call(original, updated, rewriting) returns the node to write instead

    (`Call` being the LibCST class of the node; either method may be missing).
    `rewriting` is `peft_lint.syntax.rewriting.Rewriting`: spelling of imported names,
    insertion of statements, and `unsafe()` to lower the applicability.
    """

    title: str
    applicability: Applicability
    visitor: object
    targets: tuple[Node, ...]


class Suspicion(Record):
    """A rule's claim about one anchor.

    `story` leads from the cause to the symptom, as pairs of a node and words. `cause` names
    what is wrong (usually the object's creation node): of several rules with one cause
    the yielding ones are dropped. Two suspicions of one rule with one anchor are one
    finding, with the shorter story.
    """

    code: str
    severity: Severity
    message: str
    anchor: Node
    story: Steps
    cause: Hashable
    proposals: tuple[Proposal, ...] = ()


class OnePerPlace:
    """What most rules are: the first suspicion of each place is kept, and told at the end."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Suspicion] = {}

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found."""
        yield from self._found.values()
