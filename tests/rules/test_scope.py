"""The scope gate hides no finding: on rule pages and shapes, as written and spelled otherwise."""

import ast
from pathlib import Path

import pytest

from peft_lint import scope
from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target
from tests.rules.pages import pages, read

TESTDATA = Path(__file__).parents[2] / "testdata"
RULES = all_rules()
TEXTS = {
    **{
        f"{code}-{section.title}-{index}": block.source
        for code, path in pages().items()
        for section in read(path).sections
        for index, block in enumerate(section.blocks)
        if block.language == "python"
    },
    **{path.stem: path.read_text("utf-8") for path in sorted(TESTDATA.glob("*/*.py"))},
}


class _ThroughTheModule(ast.NodeTransformer):
    """Spells every name of PEFT as an attribute of the module, which is imported with others."""

    def __init__(self):
        self.names = {}

    def visit_ImportFrom(self, node):
        if node.module != "peft" or node.names[0].name == "*":
            return node
        self.names |= {one.asname or one.name: one.name for one in node.names}
        return ast.Import([ast.alias("sys"), ast.alias("peft")])

    def visit_Name(self, node):
        if node.id not in self.names or not isinstance(node.ctx, ast.Load):
            return node
        return ast.Attribute(ast.Name("peft", ast.Load()), self.names[node.id], node.ctx)


def as_written(text):
    return text


def without_comments(text):
    return ast.unparse(ast.parse(text))


def through_the_module(text):
    return ast.unparse(ast.fix_missing_locations(_ThroughTheModule().visit(ast.parse(text))))


def with_windows_line_ends(text):
    return text.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "spelled", [as_written, without_comments, through_the_module, with_windows_line_ends]
)
def test_every_text_with_a_finding_passes(spelled):
    found = 0
    for name, text in TEXTS.items():
        changed = spelled(text)
        findings = find(Document("example.py", changed), RULES, Target())
        found += bool(findings)
        assert not findings or scope.admits(changed.encode()), f"{name} is hidden:\n{changed}"
    assert found > 100


def test_what_only_mentions_peft_is_kept_out():
    assert not scope.admits(b"# see the documentation of peft\nmodel = load()\n")
    assert not scope.admits(b'model.load_adapter("x")\n')
