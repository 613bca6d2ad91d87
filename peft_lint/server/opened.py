"""What an editor has open at an address: a text by itself, or the cells of a notebook together."""

from __future__ import annotations

import json
from urllib.parse import unquote

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from peft_lint.document import Document
from peft_lint.lean import Record
from peft_lint.notebook import raw
from peft_lint.notebook.document import Notebook

PYTHON = "python"


class Text(Record):
    """One text as it was sent.

    `cell` is its number among all cells of its notebook, from 1; None for a text by itself.
    `order` is its cell's execution count.
    """

    cell: int | None
    uri: str
    version: int | None
    language: str | None
    source: str
    order: int | None = None


class Opened(Record):
    """What becomes one document; equal to what is there later only if that is unchanged."""

    uri: str
    path: str
    texts: tuple[Text, ...]

    def document(self) -> Document:
        """Return the document; raise DocumentError where it is too large."""
        if self.texts[0].cell is None:
            return Document(self.path, self.texts[0].source)
        # As the editor would save it, so that a cell is what it is on the command line.
        cells = [
            {
                "cell_type": "code" if text.language == PYTHON else "raw",
                "execution_count": text.order,
                "source": text.source,
            }
            for text in self.texts
        ]
        return Notebook(self.path, raw.parse(json.dumps({"cells": cells})))

    def text(self, uri: str) -> Text:
        """Return the text at an address; that of the notebook stands for its first cell."""
        # Clients differ in which characters they escape.
        return next((one for one in self.texts if unquote(one.uri) == unquote(uri)), self.texts[0])


def opened(workspace: Workspace, uri: str) -> Opened | None:
    """Return what is open at the address of a text, a cell or a notebook, None if nothing is."""
    notebook = workspace.get_notebook_document(notebook_uri=uri)
    notebook = notebook or workspace.get_notebook_document(cell_uri=uri)
    if notebook is None:
        document = workspace.get_text_document(uri)
        # Without a version it is not open, but on the disk.
        if document.version is None:
            return None
        return Opened(uri, document.path, (_text(None, document),))
    texts = tuple(
        _text(number, workspace.get_text_document(cell.document), _order(cell))
        for number, cell in enumerate(notebook.cells, 1)
    )
    return Opened(notebook.uri, TextDocument(notebook.uri).path, texts) if texts else None


def _text(number: int | None, document: TextDocument, order: int | None = None) -> Text:
    source = document.source if document.version is not None else ""
    return Text(number, document.uri, document.version, document.language_id, source, order)


def _order(cell: types.NotebookCell) -> int | None:
    return cell.execution_summary.execution_order if cell.execution_summary else None
