"""The running Python's own standard library and its tests are interpreted without a crash."""

import sysconfig
from pathlib import Path

from peft_lint.document import Document, DocumentError
from peft_lint.interpreter.run import run
from peft_lint.versions import Target

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
# Every file would take minutes on a slow machine; which ones are taken depends on nothing but
# their order. The files with the strangest syntax are always among them.
STRIDE = 4
STRANGE = (
    "test_grammar",
    "test_syntax",
    "test_patma",
    "test_generators",
    "test_descr",
    "test_asyncgen",
)


def test_every_sampled_module_is_interpreted():
    paths = sorted(path for path in LIBRARY.rglob("*.py") if "site-packages" not in path.parts)
    chosen = [path for n, path in enumerate(paths) if n % STRIDE == 0 or path.stem in STRANGE]
    interpreted = 0
    crashes = []
    for path in chosen:
        try:
            document = Document.from_bytes(path.read_bytes(), str(path))
            _ = document.tree
        except DocumentError:  # test data that is not Python, or not text, on purpose
            continue
        try:
            run(document, Target())
        except Exception as error:
            crashes.append(f"{path.relative_to(LIBRARY)}: {type(error).__name__}: {error}")
        interpreted += 1
    assert crashes == []
    assert interpreted > 50
