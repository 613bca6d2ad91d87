"""A real editor: Emacs with Eglot opens a file, shows the finding, applies the fix and saves."""

from pathlib import Path

import pytest

from tests.doors.editing import ACTIONS, CALL_TEXT, FIXED_AWKWARD, edit
from tests.doors.programs import snippets

pytestmark = pytest.mark.editors
FIX_ALL = {"Apply all safe fixes of peft-lint": FIXED_AWKWARD}


@pytest.mark.parametrize(("title", "fixed"), [*ACTIONS.items(), *FIX_ALL.items()])
def test_emacs_shows_fixes_and_saves(tmp_path, title, fixed):
    settings = "\n".join(snippets("emacs.md", "lisp"))
    command = ["emacs", "--batch", "--load", Path(__file__).with_name("emacs.el")]
    seen = edit(command, tmp_path, settings, title)
    (shown,) = [line for line in seen if line[0].startswith("peft-lint [PEF101]: ")]
    assert shown[1] == CALL_TEXT
    assert (tmp_path / "a.py").read_text() == fixed
