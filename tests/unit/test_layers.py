"""Which way imports go: every part is built on the parts below it alone."""

import ast
from pathlib import Path

import peft_lint

ROOT = Path(peft_lint.__file__).parent
# From below. What is joined by dashes is one part here: the interpreter calls library models,
# which change its worlds and tell of events.
ORDER = """
    lean finding outline document locations names
    versions knowledge project scope files patterns pieces notebook markdown sources
    rulebook rule_page symptoms selection options settings plan discovery
    interpreter-events-library scene suspicion syntax rules engine
    fixer suppression ignoring baseline reports failure trace
    server cli flake8_plugin __main__
"""
RANKS = {part: rank for rank, parts in enumerate(ORDER.split()) for part in parts.split("-")}
FILES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in ROOT.rglob("*.py")
    if path != ROOT / "__init__.py"
}


def part_of(name):
    return name.partition("/")[0].removesuffix(".py")


def imported(text):
    """Yield the parts of the program that a file imports, also for types and in functions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "peft_lint":
            names = [f"peft_lint.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        parts = [name.split(".")[1] for name in names if name.startswith("peft_lint.")]
        yield from (part for part in parts if part != "__version__")


def test_every_part_has_its_place():
    assert {part_of(name) for name in FILES} == RANKS.keys(), "ORDER is out of date"


def test_every_part_is_in_the_table_of_the_architecture():
    text = (ROOT.parent / "docs" / "architecture.md").read_text("utf-8")
    parts = RANKS.keys() - {"__main__"}
    assert {one for one in parts if f"`{one}.py`" not in text and f"`{one}/`" not in text} == set()


def test_no_file_imports_what_is_above_it():
    above = {
        name: [part for part in imported(text) if RANKS[part] > RANKS[part_of(name)]]
        for name, text in FILES.items()
    }
    wrong = {name: parts for name, parts in above.items() if parts}
    assert not wrong, "turn the import round, or move down what both need"


def test_an_import_from_above_is_seen():
    assert [*imported("def f():\n    from peft_lint.rules import guards")] == ["rules"]
    assert [*imported("from peft_lint import engine, scope\nimport ast")] == ["engine", "scope"]
    assert RANKS["rules"] > RANKS["interpreter"] == RANKS["library"]
