"""From offsets in a document to positions in the units that the client counts in, and back."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from lsprotocol import types
from pygls.workspace import PositionCodec

from peft_lint.document import Document, OriginEdit, Place
from peft_lint.finding import Span
from peft_lint.server.opened import Text


class View:
    """A document as the client knows it: texts with addresses, and positions in its units.

    `versioned` tells whether the client takes edits for a version, and refuses them on another.
    """

    def __init__(
        self,
        document: Document,
        codec: PositionCodec,
        texts: Sequence[Text],
        versioned: bool = False,
    ) -> None:
        self._document = document
        self._codec = codec
        self._texts = {text.cell: text for text in texts}
        self._sources = {text.cell: Document("", text.source) for text in texts}
        self._versioned = versioned
        # Where to show what is about no text in particular.
        self._first = texts[0]

    def location(self, span: Span) -> types.Location:
        """Return the text and the range in it that a span stands for."""
        start, end = (self._document.place(offset) for offset in span)
        text = self._texts.get(start.cell, self._first)
        return types.Location(text.uri, self._range(text, start, end))

    def offset(self, text: Text, position: types.Position) -> int | None:
        """Return the offset of a position, None if its text is no part of the document.

        Beyond the text's or a line's end it is that end.
        """
        source = self._sources[text.cell]
        row, column, left = position.line + 1, 1, position.character
        if row > len(source.line_starts):
            row, left = len(source.line_starts), sys.maxsize
        for character in source.line(row):
            if left <= 0:
                break
            left -= self._codec.client_num_units(character)
            column += 1
        return self._document.offset_at(Place(text.cell, row, column))

    def edit(self, edits: Iterable[OriginEdit]) -> types.WorkspaceEdit:
        """Return edits as the client applies them, together for each text."""
        changes: dict[int | None, list[types.TextEdit]] = {}
        for start, end, content in edits:
            text = self._texts[start.cell]
            change = types.TextEdit(self._range(text, start, end), content)
            changes.setdefault(text.cell, []).append(change)
        if not self._versioned:
            return types.WorkspaceEdit(
                changes={self._texts[cell].uri: made for cell, made in changes.items()}
            )
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(_versioned(self._texts[cell]), made)
                for cell, made in changes.items()
            ]
        )

    def _range(self, text: Text, start: Place, end: Place) -> types.Range:
        return types.Range(self._position(text, start), self._position(text, end))

    def _position(self, text: Text, place: Place) -> types.Position:
        source = self._sources[text.cell]
        start = source.line_starts[place.row - 1]
        units = self._codec.client_num_units(source.text[start : start + place.column - 1])
        return types.Position(place.row - 1, units)


def _versioned(text: Text) -> types.OptionalVersionedTextDocumentIdentifier:
    return types.OptionalVersionedTextDocumentIdentifier(uri=text.uri, version=text.version)
