"""A conversation with one editor: what it has open, and what was found in it."""

from __future__ import annotations

import os
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from peft_lint import __version__, settings, versions
from peft_lint.lean import Record
from peft_lint.server.checking import Checked, check
from peft_lint.server.diagnostics import diagnostics
from peft_lint.server.opened import Opened, Text, opened
from peft_lint.server.places import View
from peft_lint.settings import Settings

# All cells are asked for, not those of Python alone: they are counted in words to the user.
NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[types.NotebookDocumentFilterWithNotebook(notebook="jupyter-notebook")],
    save=True,
)


class Seen(Record):
    """What is found at an address: with the texts there, and the one that was asked about."""

    checked: Checked
    view: View
    text: Text
    texts: tuple[Text, ...]

    def diagnostics(self, text: Text) -> list[types.Diagnostic]:
        """Return the findings in one of the texts as editors show them."""
        return diagnostics(self.checked.findings, self.view, text.uri)


class Server(LanguageServer):
    """A language server that keeps the last result of what is open."""

    def __init__(self) -> None:
        super().__init__(
            "peft-lint",
            __version__,
            # Whole texts: pygls applies changes to lines as `str.splitlines` counts them, and so
            # displaces those behind a form feed or a line separator in a string.
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            notebook_document_sync=NOTEBOOKS,
        )
        self.given = Settings(root=os.getcwd())
        self._last: dict[str, tuple[Opened, Checked]] = {}
        # The mark of what a client that pulls was told of each text.
        self.told: dict[str, str] = {}

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Say nothing: a client that has gone away would be told of it, which fails again."""

    def opened(self, uri: str) -> Opened | None:
        """Return what is open at an address now."""
        return opened(self.workspace, uri)

    def look(self, uri: str) -> Seen | None:
        """Return what is found at an address, from the last result if it still holds.

        None where nothing is open, or where it has changed while it was looked at.
        """
        held = self.opened(uri)
        if held is None:
            return None
        last, checked = self._last.get(held.uri, (None, None))
        if checked is None or last != held:
            checked = check(held, self.given)
            self._last[held.uri] = held, checked
        if self.opened(uri) != held:
            return None
        workspace = self.client_capabilities.workspace
        edits = workspace.workspace_edit if workspace else None
        versioned = bool(edits and edits.document_changes)
        view = View(checked.document, self.workspace.position_codec, held.texts, versioned)
        return Seen(checked, view, held.text(uri), held.texts)

    def forget(self, uri: str | None = None) -> None:
        """Drop what is kept for an address, or all results with what was read from the disk."""
        if uri is not None:
            self._last.pop(uri, None)
            self.told.pop(uri, None)
            return
        self._last.clear()
        settings.forget()
        versions.forget()

    @property
    def pulls(self) -> bool:
        """Whether the client asks for diagnostics by itself: then none are sent unasked."""
        texts = self.client_capabilities.text_document
        return texts is not None and texts.diagnostic is not None

    def refresh(self) -> None:
        """Have the client ask for its diagnostics again, where it knows how to."""
        workspace = self.client_capabilities.workspace
        if workspace and workspace.diagnostics and workspace.diagnostics.refresh_support:
            self.workspace_diagnostic_refresh(None)
