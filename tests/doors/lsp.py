"""What the tests of the language server share: a client, and what an editor does with it."""

import asyncio
import re
import sys

from lsprotocol import types
from pytest_lsp import make_test_lsp_client

COMMAND = [sys.executable, "-m", "peft_lint", "server"]


def make_client():
    """Return a client that notes what it is sent: diagnostics with their version, requests."""
    client = make_test_lsp_client()
    client.published = {}
    client.registered = []
    client.refreshed = 0

    def publish(params: types.PublishDiagnosticsParams):
        client.published[params.uri] = params

    def register(params: types.RegistrationParams):
        client.registered.append(params)

    def refresh(_params: None):
        client.refreshed += 1

    for name, handler in {
        types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: publish,
        types.CLIENT_REGISTER_CAPABILITY: register,
        types.WORKSPACE_DIAGNOSTIC_REFRESH: refresh,
    }.items():
        client.protocol.fm.features.pop(name, None)
        client.feature(name)(handler)
    return client


class Text:
    """A text that a client has open: what it asks about it, and how it edits it."""

    def __init__(self, client, uri, text, language="python"):
        self.client, self.uri, self.text, self.version = client, uri, text, 1
        self.language = language

    @property
    def item(self):
        return types.TextDocumentItem(self.uri, self.language, self.version, self.text)

    @property
    def named(self):
        return types.TextDocumentIdentifier(self.uri)

    def changed(self, text):
        """Take a new text; return its version and the change, as a client sends them."""
        self.text, self.version = text, self.version + 1
        named = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        return named, [types.TextDocumentContentChangeWholeDocument(text)]

    async def pull(self, previous=None):
        params = types.DocumentDiagnosticParams(self.named, previous_result_id=previous)
        return await self.client.text_document_diagnostic_async(params)

    async def diagnostics(self):
        """Return the diagnostics, in the way that this client gets them."""
        if self.client.capabilities.text_document.diagnostic is not None:
            return (await self.pull()).items
        while True:
            published = self.client.published.get(self.uri)
            if published is not None and published.version == self.version:
                return self.client.published.pop(self.uri).diagnostics
            await asyncio.sleep(0.01)

    async def actions(self, span, only=None):
        context = types.CodeActionContext([], only=only)
        params = types.CodeActionParams(self.named, span, context)
        return await self.client.text_document_code_action_async(params) or []

    async def hover(self, line, character):
        params = types.HoverParams(self.named, types.Position(line, character))
        return await self.client.text_document_hover_async(params)

    def units(self, text):
        """Return the length of a text in the units that were agreed upon."""
        width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[self.client.encoding]
        return len(text.encode(f"{self.client.encoding}-le" if width > 1 else "utf-8")) // width

    def apply(self, edit):
        """Return the text after an edit, applied as a client counts."""
        edits = list((edit.changes or {}).get(self.uri, ()))
        for change in edit.document_changes or ():
            if change.text_document.uri == self.uri:
                assert change.text_document.version == self.version
                edits += change.edits
        lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", self.text)

        def offset(position):
            line = lines[position.line] if position.line < len(lines) else ""
            length = next(
                n for n in range(len(line) + 1) if self.units(line[:n]) >= position.character
            )
            return sum(map(len, lines[: position.line])) + length

        text = self.text
        for one in sorted(edits, key=lambda one: offset(one.range.start), reverse=True):
            text = text[: offset(one.range.start)] + one.new_text + text[offset(one.range.end) :]
        return text


class Editor(Text):
    """A file in a client."""

    def __init__(self, client, path, text):
        super().__init__(client, path.as_uri(), text)
        self.path = path
        path.write_text(text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(self.item))

    def change(self, text):
        params = types.DidChangeTextDocumentParams(*self.changed(text))
        self.client.text_document_did_change(params)


class NotebookEditor:
    """A notebook in a client; its cells are texts, given by their source, or that and a language."""

    def __init__(self, client, path, *cells):
        self.client, self.path, self.uri, self.version = client, path, path.as_uri(), 1
        self.cells = [self.new(*((cell,) if isinstance(cell, str) else cell)) for cell in cells]
        document = types.NotebookDocument(self.uri, "jupyter-notebook", 1, self._array(self.cells))
        items = [cell.item for cell in self.cells]
        client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(document, items))

    def new(self, source, language="python"):
        # As VS Code writes addresses of cells.
        number = self.client.cells = getattr(self.client, "cells", 0) + 1
        address = self.uri.replace("file:", "vscode-notebook-cell:", 1)
        return Text(self.client, f"{address}#W{number}sZmlsZQ%3D%3D", source, language)

    def edit(self, *changes):
        """Change the sources of cells, as one change of the notebook."""
        contents = [
            types.NotebookDocumentCellContentChanges(*cell.changed(source))
            for cell, source in changes
        ]
        self._change(types.NotebookDocumentCellChanges(text_content=contents))

    def splice(self, start, removed, *added):
        """Put cells, new ones or known ones, into the place of others."""
        gone = self.cells[start : start + removed]
        known = self.cells[:start] + self.cells[start + removed :]
        opened = [cell for cell in added if cell not in [*gone, *known]]
        closed = [cell.named for cell in gone if cell not in added]
        self.cells[start : start + removed] = added
        array = types.NotebookCellArrayChange(start, removed, self._array(added))
        items = [cell.item for cell in opened]
        structure = types.NotebookDocumentCellChangeStructure(array, items, closed)
        self._change(types.NotebookDocumentCellChanges(structure=structure))

    def close(self):
        named = types.NotebookDocumentIdentifier(self.uri)
        cells = [cell.named for cell in self.cells]
        params = types.DidCloseNotebookDocumentParams(named, cells)
        self.client.notebook_document_did_close(params)

    async def codes(self):
        """Return the codes of what is found in each cell."""
        return [[one.code for one in await cell.diagnostics()] for cell in self.cells]

    def _change(self, cells):
        self.version += 1
        named = types.VersionedNotebookDocumentIdentifier(self.version, self.uri)
        change = types.NotebookDocumentChangeEvent(cells=cells)
        params = types.DidChangeNotebookDocumentParams(named, change)
        self.client.notebook_document_did_change(params)

    def _array(self, cells):
        kinds = types.NotebookCellKind
        return [
            types.NotebookCell(
                kinds.Markup if cell.language == "markdown" else kinds.Code, cell.uri
            )
            for cell in cells
        ]
