"""What the tests of real editors share: a file to open, and what is to become of it."""

import os
import sys
from pathlib import Path

from tests.doors.programs import CALL, FIXED, ROOT, SCRIPT, run

# The call stands behind an emoji and an accented letter.
AWKWARD = SCRIPT.replace(CALL, '"😀é"; ' + CALL)
CALL_TEXT = CALL.removeprefix("model = ").rstrip()
FIXED_AWKWARD = FIXED.replace("model = Peft", '"😀é"; model = Peft')
# What an editor offers, and what it leaves.
ACTIONS = {
    "Load the trained adapter with PeftModel.from_pretrained": FIXED_AWKWARD,
    "Ignore PEF101 here": AWKWARD.replace('"😀é"', '# peft-lint: ignore[PEF101]\n"😀é"'),
}


def edit(command, folder, settings, title=""):
    """Run an editor with these settings on a file `a.py`; return what it says it saw, by fields.

    Its script is told all it needs by environment variables.
    """
    (folder / "a.py").write_text(AWKWARD)
    (folder / "settings").write_text(settings)
    editor = run(
        command,
        folder,
        PYTHONPATH=str(ROOT),
        HOME=str(folder),
        # The program is found as users have it.
        PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        PEFT_LINT_SETTINGS=str(folder / "settings"),
        PEFT_LINT_FILE=str(folder / "a.py"),
        PEFT_LINT_TITLE=title,
    )
    assert editor.returncode == 0, editor.stdout + editor.stderr
    said = editor.stdout.splitlines() + editor.stderr.splitlines()
    return [line.rstrip("\r").split("\t") for line in said]
