"""From offsets in a document to positions in the units that the client counts in, and back."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types
from pygls.workspace import PositionCodec

from peft_lint.document import Document
from peft_lint.finding import Edit, Span


class View:
    """One version of a text as the client knows it: its address, and positions in its units.

    `versioned` tells whether the client takes edits for a version, and refuses them on another.
    """

    def __init__(
        self,
        document: Document,
        codec: PositionCodec,
        uri: str,
        version: int | None = None,
        versioned: bool = False,
    ) -> None:
        self._document = document
        self._codec = codec
        self._version = version
        self._versioned = versioned
        self.uri = uri

    def position(self, offset: int) -> types.Position:
        """Return the position of an offset in code points."""
        row = self._document.row(offset)
        start = self._document.line_starts[row - 1]
        units = self._codec.client_num_units(self._document.text[start:offset])
        return types.Position(row - 1, units)

    def range(self, span: Span) -> types.Range:
        """Return the range of a span."""
        return types.Range(self.position(span.start), self.position(span.end))

    def offset(self, position: types.Position) -> int:
        """Return the offset of a position; beyond the text's or a line's end that end."""
        starts = self._document.line_starts
        if position.line >= len(starts):
            return len(self._document.text)
        line = self._document.line(position.line + 1)
        units = 0
        for index, character in enumerate(line):
            if units >= position.character:
                return starts[position.line] + index
            units += self._codec.client_num_units(character)
        return starts[position.line] + len(line)

    def edit(self, edits: Iterable[Edit]) -> types.WorkspaceEdit:
        """Return edits of the text as the client applies them."""
        changes = [types.TextEdit(self.range(edit.span), edit.content) for edit in edits]
        if not self._versioned:
            return types.WorkspaceEdit(changes={self.uri: changes})
        named = types.OptionalVersionedTextDocumentIdentifier(uri=self.uri, version=self._version)
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(named, changes)])
