"""The server itself: all that it answers to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from lsprotocol import types

from peft_lint import settings
from peft_lint.options import OptionError, checked
from peft_lint.server import telling
from peft_lint.server.actions import KINDS, actions
from peft_lint.server.hovering import hover
from peft_lint.server.session import Server
from peft_lint.settings import settings_from

# The section of the client's settings that is ours; its keys are those of `[tool.peft-lint]`.
SECTION = "peft-lint"


def make() -> Server:
    """Return the server with all that it answers to."""
    server = Server()
    telling.register(server)
    _questions(server)
    _configuration(server)
    return server


def _questions(server: Server) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=list(KINDS))
    )
    @server.thread()
    def offer(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
        seen = ls.look(params.text_document.uri)
        return list(actions(seen.checked, seen.view, seen.text, params)) if seen else []

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    @server.thread()
    def show(ls: Server, params: types.HoverParams) -> types.Hover | None:
        seen = ls.look(params.text_document.uri)
        offset = seen.view.offset(seen.text, params.position) if seen else None
        if seen is None or offset is None:
            return None
        shown = hover(seen.checked, offset)
        if shown is None:
            return None
        words, span = shown
        content = types.MarkupContent(types.MarkupKind.Markdown, words)
        return types.Hover(content, seen.view.location(span).range)


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
        ls.refresh()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(ls: Server, _params: types.DidChangeWatchedFilesParams) -> None:
        ls.forget()
        ls.refresh()
