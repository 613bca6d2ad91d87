"""Notebooks in the language server: all cells are one module, and results go to their cells."""

import asyncio
import sys

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from tests.doors.lsp import COMMAND, NotebookEditor, Text, make_client
from tests.doors.programs import FIXED, ROOT, run
from tests.doors.test_notebooks import CELLS, notebook

FIXED_LINES = FIXED.splitlines()
NOTEBOOK_FIX_ALL = "notebook.source.fixAll.peft-lint"
NOWHERE = types.Range(types.Position(0, 0), types.Position(0, 0))


@pytest_lsp.fixture(
    params=["pull", "push"],
    config=ClientServerConfig(
        server_command=COMMAND,
        server_env={"PYTHONPATH": str(ROOT)},
        client_factory=make_client,
    ),
)
async def client(request, lsp_client: LanguageClient):
    capabilities = client_capabilities("visual_studio_code")
    capabilities.notebook_document = types.NotebookDocumentClientCapabilities(
        types.NotebookDocumentSyncClientCapabilities()
    )
    if request.param == "pull":
        capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities()
        refreshing = types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
        capabilities.workspace.diagnostics = refreshing
    answer = await lsp_client.initialize_session(types.InitializeParams(capabilities=capabilities))
    assert answer.capabilities.notebook_document_sync.notebook_selector[0].notebook == (
        "jupyter-notebook"
    )
    lsp_client.encoding = answer.capabilities.position_encoding or "utf-16"
    lsp_client.pulls = request.param == "pull"
    yield lsp_client
    await lsp_client.shutdown_session()


@pytest.mark.asyncio
async def test_a_finding_across_cells_stands_in_its_cell(client, tmp_path):
    # Behind an emoji, which is two units of UTF-16.
    held = '%%time\n"😀é"; ' + CELLS[3].removeprefix("%%time\n")
    editor = NotebookEditor(client, tmp_path / "a b.ipynb", *CELLS[:3], held, CELLS[4])
    load, call, end = editor.cells[2:]
    (found,) = await call.diagnostics()
    assert found.code == "PEF101"
    assert found.range == types.Range(types.Position(1, 15), types.Position(1, 43))
    places = [(one.location.uri, one.location.range.start) for one in found.related_information]
    assert places == [(load.uri, types.Position(0, 9)), (end.uri, types.Position(0, 0))]


@pytest.mark.asyncio
async def test_a_quick_fix_reaches_into_other_cells(client, tmp_path):
    editor = NotebookEditor(client, tmp_path / "a.ipynb", *CELLS)
    (found,) = await editor.cells[3].diagnostics()
    fix, ignore = await editor.cells[3].actions(found.range, [types.CodeActionKind.QuickFix])
    assert fix.title == "Load the trained adapter with PeftModel.from_pretrained"
    after = [cell.apply(fix.edit) for cell in editor.cells]
    assert after == [
        CELLS[0],
        "\n".join(FIXED_LINES[:2]),
        CELLS[2],
        "%%time\n" + FIXED_LINES[5],
        CELLS[4],
    ]
    ignored = [cell.apply(ignore.edit) for cell in editor.cells]
    assert ignored[3].splitlines()[:2] == ["%%time", "# peft-lint: ignore[PEF101]"]
    assert ignored[:3] + ignored[4:] == CELLS[:3] + CELLS[4:]
    assert await editor.cells[4].actions(NOWHERE, [types.CodeActionKind.QuickFix]) == []
    changes = [pair for pair in zip(editor.cells, after, strict=True) if pair[0].text != pair[1]]
    editor.edit(*changes)
    assert await editor.codes() == [[], [], [], [], []]


@pytest.mark.asyncio
@pytest.mark.parametrize("only", ["notebook.source", "notebook.source.fixAll", NOTEBOOK_FIX_ALL])
async def test_all_safe_fixes_are_made_for_the_whole_notebook(client, tmp_path, only):
    # What prompts hide from the analysis stays as it is.
    cells = [*CELLS[:3], ">>> " + CELLS[3].splitlines()[1] + "\n>>> x = !ls", CELLS[4]]
    editor = NotebookEditor(client, tmp_path / "a.ipynb", *cells)
    (everything,) = await editor.cells[0].actions(NOWHERE, [only])
    assert everything.kind == NOTEBOOK_FIX_ALL
    after = [cell.apply(everything.edit) for cell in editor.cells]
    wanted = [cells[0], "\n".join(FIXED_LINES[:2]), cells[2]]
    assert after == [*wanted, f">>> {FIXED_LINES[5]}\n>>> x = !ls", cells[4]]
    assert await editor.cells[0].actions(NOWHERE, ["source.fixAll"]) == []


@pytest.mark.asyncio
async def test_the_edit_is_what_the_command_line_writes(client, tmp_path):
    file = tmp_path / "a.ipynb"
    file.write_text(notebook(*CELLS))
    editor = NotebookEditor(client, file, *CELLS)
    (everything,) = await editor.cells[0].actions(NOWHERE, [NOTEBOOK_FIX_ALL])
    made = notebook(*(cell.apply(everything.edit) for cell in editor.cells))
    command = [sys.executable, "-m", "peft_lint", "--fix", "a.ipynb"]
    assert run(command, tmp_path, PYTHONPATH=str(ROOT)).returncode == 0
    assert file.read_text() == made


@pytest.mark.asyncio
async def test_hover_inside_cells(client, tmp_path):
    editor = NotebookEditor(client, tmp_path / "a.ipynb", *CELLS)
    page = await editor.cells[3].hover(1, 10)
    assert page.contents.value.startswith("**PEF101 trained-checkpoint-reinitialised**")
    model = await editor.cells[4].hover(0, 2)
    assert "fresh weights" in model.contents.value
    assert "line 2 of cell 3" in model.contents.value
    assert model.range == types.Range(types.Position(0, 0), types.Position(0, 5))
    assert await editor.cells[0].hover(0, 2) is None


@pytest.mark.asyncio
async def test_cells_that_change_come_go_and_move(client, tmp_path):
    editor = NotebookEditor(client, tmp_path / "a.ipynb", *CELLS)
    assert await editor.codes() == [[], [], [], ["PEF101"], []]
    editor.edit((editor.cells[3], "%%time\nmodel = base"))
    assert await editor.codes() == [[], [], [], [], []]
    editor.splice(3, 1, editor.new(CELLS[3]))
    assert await editor.codes() == [[], [], [], ["PEF101"], []]
    # Above the cell that loads the config nothing is known of it.
    load, call = editor.cells[2:4]
    editor.splice(2, 2, call, load)
    assert await editor.codes() == [[], [], [], [], []]
    editor.splice(2, 2, load, call)
    assert await editor.codes() == [[], [], [], ["PEF101"], []]
    editor.splice(2, 1)
    assert await editor.codes() == [[], [], [], []]
    editor.edit((editor.cells[0], "model.eval("))
    assert await editor.codes() == [["PEF001"], [], [], []]


@pytest.mark.asyncio
async def test_what_changes_in_other_cells_is_told(client, tmp_path):
    editor = NotebookEditor(client, tmp_path / "a.ipynb", *CELLS)
    assert await editor.codes() == [[], [], [], ["PEF101"], []]
    editor.edit((editor.cells[2], "config = None"))
    await editor.cells[2].diagnostics()
    call = editor.cells[3]
    if not client.pulls:
        assert list(await call.diagnostics()) == []
        return
    while not client.refreshed:
        await asyncio.sleep(0.01)
    assert list(await call.diagnostics()) == []
    editor.edit((editor.cells[2], "config = None  # still"))
    first = await editor.cells[2].pull()
    assert (await editor.cells[2].pull(first.result_id)).kind == "unchanged"
    await asyncio.sleep(0.5)
    assert client.refreshed == 1


@pytest.mark.asyncio
async def test_what_is_closed_is_cleared(client, tmp_path):
    editor = NotebookEditor(client, tmp_path / "a.ipynb", *CELLS)
    call = editor.cells[3]
    assert len(await call.diagnostics()) == 1
    gone = Text(client, call.uri, "")
    gone.version = None
    if client.pulls:
        editor.close()
        with pytest.raises(Exception, match="changed meanwhile"):
            await call.pull()
        return
    editor.splice(3, 1)
    assert list(await gone.diagnostics()) == []
    # Opened again and closed with the notebook.
    editor.splice(3, 0, call)
    assert len(await call.diagnostics()) == 1
    editor.close()
    assert list(await gone.diagnostics()) == []


@pytest.mark.asyncio
async def test_what_the_notebook_installs_decides_the_release(client, tmp_path):
    editor = NotebookEditor(client, tmp_path / "a.ipynb", *CELLS)
    assert await editor.codes() == [[], [], [], ["PEF101"], []]
    # The rule holds from peft 0.3 on.
    editor.edit((editor.cells[0], "!pip install peft==0.2.0"))
    assert await editor.codes() == [[], [], [], [], []]


@pytest.mark.asyncio
async def test_cells_of_other_languages_are_counted_and_left_alone(client, tmp_path):
    notes = ("# Model", "markdown"), ("model = (", "r")
    editor = NotebookEditor(client, tmp_path / "a.ipynb", *notes, *CELLS[1:])
    assert await editor.codes() == [[], [], [], [], ["PEF101"], []]
    shown = await editor.cells[5].hover(0, 2)
    assert "line 2 of cell 4" in shown.contents.value
    assert await editor.cells[0].hover(0, 2) is None
    assert await editor.cells[0].actions(NOWHERE, [types.CodeActionKind.QuickFix]) == []


@pytest.mark.asyncio
async def test_the_projects_settings_hold(client, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.peft-lint]\nignore = ["PEF101"]\n')
    editor = NotebookEditor(client, tmp_path / "a.ipynb", *CELLS)
    assert await editor.codes() == [[], [], [], [], []]
    (tmp_path / "pyproject.toml").write_text('[tool.peft-lint]\nignroe = ["PEF101"]\n')
    named = types.NotebookDocumentIdentifier(editor.uri)
    client.notebook_document_did_save(types.DidSaveNotebookDocumentParams(named))
    assert await editor.codes() == [["PEF000"], [], [], [], []]
