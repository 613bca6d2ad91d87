"""A real editor: Neovim opens a file, shows the finding, applies the fix and saves."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.doors.editing import ACTIONS, CALL_TEXT, FIXED_AWKWARD, edit
from tests.doors.programs import snippets

NVIM = Path(sys.executable).with_name("nvim")


@pytest.mark.parametrize(("title", "fixed"), [*ACTIONS.items(), ("", FIXED_AWKWARD)])
def test_neovim_shows_fixes_and_saves(tmp_path, title, fixed):
    settings = "\n".join(snippets("neovim.md", "lua"))
    program = NVIM if NVIM.exists() else shutil.which("nvim")
    script = Path(__file__).with_name("neovim.lua")
    command = [program, "--clean", "--headless", "-l", script]
    # Without a title it is saving that fixes.
    seen = edit(command, tmp_path, settings, title)
    assert ["PEF101", CALL_TEXT] in seen
    assert (tmp_path / "a.py").read_text() == fixed
