"""A real editor: Vim with ALE opens a file, shows the finding, applies the fix and saves."""

from pathlib import Path

import pytest

from tests.doors.editing import CALL_TEXT, FIXED_AWKWARD, edit
from tests.doors.programs import snippets

pytestmark = pytest.mark.editors


def test_vim_shows_fixes_and_saves(tmp_path):
    (settings,) = snippets("vim.md", "vim")
    script = Path(__file__).with_name("ale.vim")
    edit(["vim", "-N", "-u", "NONE", "-es", "-S", script], tmp_path, settings)
    seen = (tmp_path / "seen").read_text().splitlines()
    assert seen == [f"PEF101\tE\t{CALL_TEXT}"]
    assert (tmp_path / "a.py").read_text() == FIXED_AWKWARD
