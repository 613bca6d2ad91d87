"""What peft-lint reports: a finding, the story that led to it, and its fixes."""

from __future__ import annotations

from enum import Enum

from peft_lint.lean import Record


class Severity(Enum):
    """What happens if the code ships, worst first.

    `ERROR`: wrong result, nothing learned or saved, or a crash. `WARNING`: defective but
    bounded, or wrong under a condition the code does not show. `INFO`: worth knowing.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Return 0 for the worst severity, growing as it gets milder."""
        return list(Severity).index(self)


class Applicability(Enum):
    """How far a fix may go without a person, surest first.

    `SAFE`: the code shows the intent beyond doubt, and nothing else changes. `UNSAFE`: the
    fix makes a choice that the code does not hold. `DISPLAY`: a sketch, never applied.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


class Span(Record):
    """A range of a document's text: offsets in code points, from 0, end exclusive."""

    start: int
    end: int


class Edit(Record):
    """Replace the text in `span` by `content`; an empty span inserts."""

    span: Span
    content: str


class Fix(Record):
    """An atomic set of edits: all of them apply, or none.

    `title` is imperative, e.g. "Load the trained adapter with PeftModel.from_pretrained".
    `edits` are sorted and do not overlap; they are empty only when `DISPLAY`.
    """

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...]


class Step(Record):
    """One step of a story: what happened at this place, in words."""

    span: Span
    message: str


class Finding(Record):
    """One defect in one document.

    `span` is the anchor: where the fix goes and where suppressions count. `statement` is
    the span of the statement around it. `story` leads from the cause to the symptom, in
    order. `fingerprint` stays the same when other parts of the document change.
    """

    code: str
    name: str
    severity: Severity
    message: str
    span: Span
    statement: Span
    story: tuple[Step, ...] = ()
    fixes: tuple[Fix, ...] = ()
    fingerprint: str = ""
