"""A real editor: Neovim opens a file, shows the finding, applies the fix and saves."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.doors.programs import CALL, FIXED, ROOT, SCRIPT, run

NVIM = Path(sys.executable).with_name("nvim")


@pytest.mark.parametrize(
    ("title", "fixed"),
    [
        ("Load the trained adapter with PeftModel.from_pretrained", FIXED.replace("model = Peft", '"😀é"; model = Peft')),
        ("Ignore PEF101 here", SCRIPT.replace(CALL, f'# peft-lint: ignore[PEF101]\n"😀é"; {CALL}')),
    ],
)  # fmt: skip
def test_neovim_shows_fixes_and_saves(tmp_path, title, fixed):
    file = tmp_path / "a.py"
    file.write_text(SCRIPT.replace(CALL, '"😀é"; ' + CALL))
    program = NVIM if NVIM.exists() else shutil.which("nvim")
    editor = run(
        [program, "--clean", "--headless", "-l", Path(__file__).with_name("neovim.lua")],
        tmp_path,
        PYTHONPATH=str(ROOT),
        HOME=str(tmp_path),
        PEFT_LINT_PYTHON=sys.executable,
        PEFT_LINT_FILE=str(file),
        PEFT_LINT_TITLE=title,
    )
    assert editor.returncode == 0, editor.stdout + editor.stderr
    seen = [line.split("\t") for line in editor.stdout.splitlines() + editor.stderr.splitlines()]
    assert ["PEF101", "get_peft_model(base, config)"] in seen
    assert file.read_text() == fixed
