"""The language server as clients speak to it: over its real standard input and output."""

import json
import os
import pty
import signal
import subprocess
import sys

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from tests.doors.lsp import COMMAND, Editor, make_client
from tests.doors.programs import CALL, FIXED, ROOT, SCRIPT, cli_findings

# Behind an emoji, which is 1, 2 or 4 units, and an accented letter.
AWKWARD = SCRIPT.replace(CALL, '"😀é"; ' + CALL)
CLIENTS = ("visual_studio_code", "neovim", "emacs")


@pytest_lsp.fixture(
    params=CLIENTS,
    config=ClientServerConfig(
        server_command=COMMAND,
        server_env={"PYTHONPATH": str(ROOT)},
        client_factory=make_client,
    ),
)
async def client(request, lsp_client: LanguageClient):
    capabilities = client_capabilities(request.param)
    answer = await lsp_client.initialize_session(types.InitializeParams(capabilities=capabilities))
    lsp_client.synchronisation = answer.capabilities.text_document_sync
    lsp_client.encoding = answer.capabilities.position_encoding or "utf-16"
    yield lsp_client
    await lsp_client.shutdown_session()


@pytest.mark.asyncio
async def test_findings_are_those_of_the_command_line(client, tmp_path):
    editor = Editor(client, tmp_path / "a.py", AWKWARD)
    (found,) = await editor.diagnostics()
    ((_, row, column, code, message),) = cli_findings(tmp_path, "a.py")
    assert (found.code, found.source) == (code, "peft-lint")
    assert found.message == f"{message} (trained-checkpoint-reinitialised)"
    assert found.severity == types.DiagnosticSeverity.Error
    line = AWKWARD.splitlines()[row - 1]
    assert found.range.start == types.Position(row - 1, editor.units(line[: column - 1]))
    assert found.range.end == types.Position(row - 1, editor.units(line))
    steps = [one.message for one in found.related_information]
    assert steps[0] == "only the adapter's config is read here"
    assert found.related_information[0].location.uri == editor.uri


@pytest.mark.asyncio
async def test_quick_fixes_and_ignoring(client, tmp_path):
    editor = Editor(client, tmp_path / "a.py", AWKWARD)
    (found,) = await editor.diagnostics()
    fix, ignore = await editor.actions(found.range, only=[types.CodeActionKind.QuickFix])
    assert fix.title == "Load the trained adapter with PeftModel.from_pretrained"
    assert fix.is_preferred
    assert editor.apply(fix.edit) == FIXED.replace("model = Peft", '"😀é"; model = Peft')
    assert ignore.title == "Ignore PEF101 here"
    editor.change(editor.apply(ignore.edit))
    assert "# peft-lint: ignore[PEF101]\n" in editor.text
    assert list(await editor.diagnostics()) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("only", ["source", "source.fixAll", "source.fixAll.peft-lint"])
async def test_all_safe_fixes_at_once(client, tmp_path, only):
    editor = Editor(client, tmp_path / "a.py", SCRIPT)
    nowhere = types.Range(types.Position(0, 0), types.Position(0, 0))
    (everything,) = await editor.actions(nowhere, only=[only])
    assert everything.kind == "source.fixAll.peft-lint"
    assert editor.apply(everything.edit) == FIXED
    editor.change(FIXED)
    assert await editor.actions(nowhere, only=[only]) == []
    assert await editor.actions(nowhere, only=["source.organizeImports"]) == []


@pytest.mark.asyncio
async def test_hover_explains_findings_and_models(client, tmp_path):
    editor = Editor(client, tmp_path / "a.py", SCRIPT)
    page = await editor.hover(5, 10)
    assert page.contents.value.startswith("**PEF101 trained-checkpoint-reinitialised**")
    assert "# What it does" in page.contents.value
    assert "# Cases" not in page.contents.value
    model = await editor.hover(6, 2)
    assert "fresh weights" in model.contents.value
    assert model.range == types.Range(types.Position(6, 0), types.Position(6, 5))
    assert await editor.hover(0, 2) is None


@pytest.mark.asyncio
async def test_what_is_typed_counts_and_not_what_lies_on_the_disk(client, tmp_path):
    editor = Editor(client, tmp_path / "a.py", "")
    assert list(await editor.diagnostics()) == []
    editor.change(SCRIPT)
    assert [one.code for one in await editor.diagnostics()] == ["PEF101"]
    editor.change("import peft\nx = (\n")
    assert [one.code for one in await editor.diagnostics()] == ["PEF001"]
    editor.change(FIXED)
    assert list(await editor.diagnostics()) == []


@pytest.mark.asyncio
async def test_addresses_with_escaped_characters(client, tmp_path):
    (tmp_path / "é @ b").mkdir()
    editor = Editor(client, tmp_path / "é @ b" / "a%b.py", SCRIPT)
    assert "%20" in editor.uri
    assert [one.code for one in await editor.diagnostics()] == ["PEF101"]


@pytest.mark.asyncio
async def test_line_ends_that_are_none_displace_nothing(client, tmp_path):
    sync = client.synchronisation
    assert (sync.open_close, sync.change) == (True, types.TextDocumentSyncKind.Full)
    # A form feed and a line separator end no line of Python, and none of the protocol.
    with_them = "config = ", '\f\nnotes = "\u2028"\nconfig = ', 1
    text = SCRIPT.replace(*with_them)
    editor = Editor(client, tmp_path / "a.py", text)
    (found,) = await editor.diagnostics()
    assert found.range.start == types.Position(7, 8)
    fix, _ = await editor.actions(found.range, only=[types.CodeActionKind.QuickFix])
    editor.change(editor.apply(fix.edit))
    assert editor.text == FIXED.replace(*with_them)
    assert list(await editor.diagnostics()) == []


@pytest.mark.asyncio
async def test_the_projects_settings_hold_and_their_errors_are_shown(client, tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.peft-lint]\nignore = ["PEF101"]\n')
    editor = Editor(client, tmp_path / "a.py", SCRIPT)
    assert list(await editor.diagnostics()) == []
    file.write_text('[tool.peft-lint]\nignroe = ["PEF101"]\n')
    client.text_document_did_save(types.DidSaveTextDocumentParams(editor.named))
    (found,) = await editor.diagnostics()
    assert found.code == "PEF000"
    assert "pyproject.toml:2: unknown option `ignroe`; did you mean `ignore`?" in found.message


@pytest.mark.asyncio
async def test_what_the_project_excludes_is_left_alone(client, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.peft-lint]\nextend-exclude = ["old/"]\n')
    for folder in ("old", ".venv"):
        (tmp_path / folder).mkdir()
        editor = Editor(client, tmp_path / folder / "a.py", SCRIPT)
        assert list(await editor.diagnostics()) == []


@pytest.mark.asyncio
async def test_a_settings_file_that_changes_is_watched(client, tmp_path):
    file = tmp_path / "pyproject.toml"
    editor = Editor(client, tmp_path / "a.py", SCRIPT)
    assert len(await editor.diagnostics()) == 1
    watching = client.capabilities.workspace.did_change_watched_files
    if watching and watching.dynamic_registration:
        (registered,) = [one for asked in client.registered for one in asked.registrations]
        globs = [one["globPattern"] for one in registered.register_options["watchers"]]
        assert globs == ["**/peft-lint.toml", "**/pyproject.toml"]
    file.write_text('[tool.peft-lint]\nignore = ["PEF101"]\n')
    event = types.FileEvent(file.as_uri(), types.FileChangeType.Created)
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    editor.change(editor.text + "\n")
    assert list(await editor.diagnostics()) == []


@pytest.mark.asyncio
async def test_the_clients_settings_hold(client, tmp_path):
    client.set_configuration({"severity": {"PEF101": "info"}, "nonsense": 1}, section="peft-lint")
    client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
    editor = Editor(client, tmp_path / "a.py", SCRIPT)
    asked = client.capabilities.workspace.configuration
    wanted = types.DiagnosticSeverity.Information if asked else types.DiagnosticSeverity.Error
    for _ in range(50):
        (found,) = await editor.diagnostics()
        if found.severity == wanted:
            break
        editor.change(editor.text + "\n")
    assert found.severity == wanted
    if asked:
        assert "unknown option `nonsense`" in client.messages[-1].message


@pytest.mark.asyncio
async def test_an_unchanged_result_is_not_sent_again(client, tmp_path):
    editor = Editor(client, tmp_path / "a.py", SCRIPT)
    if client.capabilities.text_document.diagnostic is None:
        await editor.diagnostics()
        return
    first = await editor.pull()
    again = await editor.pull(previous=first.result_id)
    assert (again.kind, again.result_id) == ("unchanged", first.result_id)
    assert client.published == {}


def test_a_client_that_vanishes_ends_the_server(tmp_path):
    process = subprocess.Popen(
        COMMAND, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip

    def send(**message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        process.stdin.flush()

    uri = (tmp_path / "a.py").as_uri()
    send(id=1, method="initialize", params={"capabilities": {}, "processId": None, "rootUri": None})
    assert process.stdout.readline().startswith(b"Content-Length")
    send(method="initialized", params={})
    item = {"uri": uri, "languageId": "python", "version": 1, "text": SCRIPT}
    send(method="textDocument/didOpen", params={"textDocument": item})
    process.stdout.close()
    process.stdin.close()
    assert process.wait(timeout=60) is not None
    assert len(process.stderr.read()) < 5_000


def test_who_starts_it_in_a_terminal_is_told_and_can_end_it(tmp_path):
    parent, child = pty.openpty()
    with subprocess.Popen(
        COMMAND, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdin=child, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr.readline() == (
            b"peft-lint: waiting for an editor on standard input, Ctrl-C ends it\n"
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == -signal.SIGINT
    os.close(child)
    os.close(parent)


def test_without_the_extra_there_is_one_clear_line(tmp_path):
    code = (
        "import sys; sys.modules['pygls'] = None; sys.modules['lsprotocol'] = None\n"
        "from peft_lint.cli import main; sys.exit(main(['server']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (
        2,
        "peft-lint: error: the server needs pygls: install peft-lint[lsp]\n",
    )
