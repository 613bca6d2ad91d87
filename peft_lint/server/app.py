"""The server itself: what it offers, and when it looks at a text anew."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified
from pygls.lsp.server import LanguageServer

from peft_lint import __version__, settings, versions
from peft_lint.document import Document
from peft_lint.options import OptionError, checked
from peft_lint.server.actions import KINDS, actions
from peft_lint.server.checking import Checked, check
from peft_lint.server.diagnostics import diagnostic
from peft_lint.server.hovering import hover
from peft_lint.server.places import View
from peft_lint.settings import Settings, settings_from

# The section of the client's settings that is ours; its keys are those of `[tool.peft-lint]`.
SECTION = "peft-lint"
# How long a text must stay as it is before it is looked at unasked, in seconds.
PAUSE = 0.15


class Server(LanguageServer):
    """A language server that keeps the last result of each text."""

    def __init__(self) -> None:
        super().__init__("peft-lint", __version__)
        self.given = Settings(root=os.getcwd())
        self._last: dict[str, tuple[int | None, Checked]] = {}

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Say nothing: a client that has gone away would be told of it, which fails again."""

    def look(self, uri: str) -> tuple[Checked, View, int | None]:
        """Return what is found in a text as it is now, from the last result if it still holds."""
        text = self.workspace.get_text_document(uri)
        version = text.version
        kept = self._last.get(uri)
        if kept is None or version is None or kept[0] != version:
            kept = version, check(Document(text.path, text.source), self.given)
            self._last[uri] = kept
        workspace = self.client_capabilities.workspace
        edits = workspace.workspace_edit if workspace else None
        view = View(
            kept[1].document,
            text.position_codec,
            uri,
            version,
            versioned=bool(edits and edits.document_changes),
        )
        return kept[1], view, version

    def is_current(self, uri: str, version: int | None) -> bool:
        """Return whether a text is still open in this version."""
        open_texts = self.workspace.text_documents
        return uri in open_texts and open_texts[uri].version == version

    def forget(self, uri: str | None = None) -> None:
        """Drop the last result of a text, or all of them with what was read from the disk."""
        if uri is not None:
            self._last.pop(uri, None)
            return
        self._last.clear()
        settings.forget()
        versions.forget()

    @property
    def pulls(self) -> bool:
        """Whether the client asks for diagnostics by itself: then none are sent unasked."""
        texts = self.client_capabilities.text_document
        return texts is not None and texts.diagnostic is not None


def make() -> Server:
    """Return the server with all that it answers to."""
    server = Server()
    _diagnostics(server)
    _questions(server)
    _configuration(server)
    return server


def _diagnostics(server: Server) -> None:
    options = types.DiagnosticOptions(
        inter_file_dependencies=False, workspace_diagnostics=False, identifier="peft-lint"
    )

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    @server.thread()
    def pull(ls: Server, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        uri = params.text_document.uri
        found, view, version = ls.look(uri)
        if not ls.is_current(uri, version):
            raise JsonRpcContentModified("the text has changed meanwhile")
        items = [diagnostic(one, view) for one in found.findings]
        mark = str(hash(tuple((one.code, one.fingerprint, one.span) for one in found.findings)))
        if params.previous_result_id == mark:
            return types.RelatedUnchangedDocumentDiagnosticReport(mark)
        return types.RelatedFullDocumentDiagnosticReport(items, result_id=mark)

    def publish(ls: Server, uri: str) -> None:
        found, view, version = ls.look(uri)
        if ls.is_current(uri, version):
            items = [diagnostic(one, view) for one in found.findings]
            ls.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri, items, version)
            )

    async def push(ls: Server, uri: str) -> None:
        """Send the diagnostics of a text once it has not changed for a while."""
        if ls.pulls:
            return
        version = ls.workspace.get_text_document(uri).version
        await asyncio.sleep(PAUSE)
        if ls.is_current(uri, version):
            await asyncio.get_running_loop().run_in_executor(ls.thread_pool, publish, ls, uri)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
        ls.forget()
        await push(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
        await push(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
        # It may be a settings file, and other programs save files too.
        ls.forget()
        await push(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
        ls.forget(params.text_document.uri)
        if not ls.pulls:
            ls.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(params.text_document.uri, [])
            )


def _questions(server: Server) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=list(KINDS))
    )
    @server.thread()
    def offer(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
        found, view, version = ls.look(params.text_document.uri)
        offered = list(actions(found, view, params))
        return offered if ls.is_current(params.text_document.uri, version) else []

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    @server.thread()
    def show(ls: Server, params: types.HoverParams) -> types.Hover | None:
        found, view, _ = ls.look(params.text_document.uri)
        shown = hover(found, view.offset(params.position))
        if shown is None:
            return None
        words, span = shown
        content = types.MarkupContent(types.MarkupKind.Markdown, words)
        return types.Hover(content, view.range(span))


def _configuration(server: Server) -> None:
    def take(ls: Server, values: object) -> None:
        """Take what the client has in our section; what does not fit is said, and left out."""
        kept: dict[str, Any] = {}
        for key, value in values.items() if isinstance(values, Mapping) else ():
            try:
                kept[key] = checked(key, value)
            except OptionError as error:
                message = f"peft-lint: in the editor's settings: {error}"
                ls.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))
        ls.given = settings_from(os.getcwd(), kept)
        ls.forget()

    async def ask(ls: Server) -> None:
        """Ask the client for our section where it can be asked."""
        workspace = ls.client_capabilities.workspace
        if workspace and workspace.configuration:
            items = [types.ConfigurationItem(section=SECTION)]
            answer = await ls.workspace_configuration_async(types.ConfigurationParams(items))
            take(ls, answer[0] if answer else None)

    @server.feature(types.INITIALIZED)
    async def begun(ls: Server, _params: types.InitializedParams) -> None:
        workspace = ls.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace else None
        if watching and watching.dynamic_registration:
            patterns = [types.FileSystemWatcher(f"**/{name}") for name in settings.FILES]
            options = types.DidChangeWatchedFilesRegistrationOptions(patterns)
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            wanted = types.Registration("settings", method, options)
            ls.client_register_capability(types.RegistrationParams([wanted]))
        await ask(ls)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def changed(ls: Server, params: types.DidChangeConfigurationParams) -> None:
        if isinstance(params.settings, Mapping) and SECTION in params.settings:
            take(ls, params.settings[SECTION])
        else:
            await ask(ls)
        refresh(ls)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(ls: Server, _params: types.DidChangeWatchedFilesParams) -> None:
        ls.forget()
        refresh(ls)

    def refresh(ls: Server) -> None:
        """Have the client ask for its diagnostics again, where it knows how to."""
        workspace = ls.client_capabilities.workspace
        if workspace and workspace.diagnostics and workspace.diagnostics.refresh_support:
            ls.workspace_diagnostic_refresh(None)
