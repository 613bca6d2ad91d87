"""When an editor is told what is found: as it asks for it, or unasked after a change."""

from __future__ import annotations

import asyncio

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified

from peft_lint.server.session import Server

# How long a text must stay as it is before it is looked at unasked, in seconds.
PAUSE = 0.15


def register(server: Server) -> None:
    """Have the server answer to questions for diagnostics, and to texts that come and change."""
    _questions(server)
    _texts(server)
    _notebooks(server)


def _questions(server: Server) -> None:
    # Cells depend on each other, and files on modules beside them.
    options = types.DiagnosticOptions(
        inter_file_dependencies=True, workspace_diagnostics=False, identifier="peft-lint"
    )

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    @server.thread()
    def pull(ls: Server, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        seen = ls.look(params.text_document.uri)
        if seen is None:
            raise JsonRpcContentModified("the text has changed meanwhile")
        items = seen.diagnostics(seen.text)
        mark = ls.told[seen.text.uri] = _mark(items)
        if params.previous_result_id == mark:
            return types.RelatedUnchangedDocumentDiagnosticReport(mark)
        return types.RelatedFullDocumentDiagnosticReport(items, result_id=mark)


def _texts(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
        ls.forget()
        await _tell(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
        await _tell(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
        # It may be a settings file, and other programs save files too.
        ls.forget()
        await _tell(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
        _closed(ls, params.text_document.uri)


def _notebooks(server: Server) -> None:
    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    async def opened(ls: Server, params: types.DidOpenNotebookDocumentParams) -> None:
        ls.forget()
        await _tell(ls, params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    async def changed(ls: Server, params: types.DidChangeNotebookDocumentParams) -> None:
        cells = params.change.cells
        for gone in (cells.structure.did_close or ()) if cells and cells.structure else ():
            _closed(ls, gone.uri)
        await _tell(ls, params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    async def saved(ls: Server, params: types.DidSaveNotebookDocumentParams) -> None:
        ls.forget()
        await _tell(ls, params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def closed(ls: Server, params: types.DidCloseNotebookDocumentParams) -> None:
        ls.forget(params.notebook_document.uri)
        for cell in params.cell_text_documents:
            _closed(ls, cell.uri)


async def _tell(ls: Server, uri: str) -> None:
    """Tell what is found at an address once nothing there has changed for a while."""
    held = ls.opened(uri)
    if held is None or (ls.pulls and len(held.texts) == 1):
        return
    await asyncio.sleep(PAUSE)
    if ls.opened(uri) == held:
        tell = _refresh if ls.pulls else _publish
        await asyncio.get_running_loop().run_in_executor(ls.thread_pool, tell, ls, uri)


def _publish(ls: Server, uri: str) -> None:
    seen = ls.look(uri)
    if seen is None:
        return
    for text in seen.texts:
        params = types.PublishDiagnosticsParams(text.uri, seen.diagnostics(text), text.version)
        ls.text_document_publish_diagnostics(params)


def _refresh(ls: Server, uri: str) -> None:
    """Have the client ask again where a change in one cell has changed what is found in others.

    For the cell that has changed it asks without being told.
    """
    seen = ls.look(uri)
    if seen is None:
        return
    for text in seen.texts:
        mark = _mark(seen.diagnostics(text))
        if ls.told.get(text.uri, mark) != mark:
            ls.refresh()
            return


def _closed(ls: Server, uri: str) -> None:
    ls.forget(uri)
    if not ls.pulls:
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


def _mark(items: list[types.Diagnostic]) -> str:
    """Return what tells one result from another."""
    return str(hash(str(items)))
