"""Rewriting: insertions in every position, copies that keep their value, and nothing else touched."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peft_lint.document import Document
from peft_lint.finding import Applicability
from peft_lint.syntax.driver import flag
from tests.unit.syntax_tools import Eval, Load, TaskType, calls, document, fixed, one, suspicion

CALL = "model.generate(x)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("@;", "model.eval()\n@;"),
        ("a = 1; @; b = 2", "a = 1; model.eval(); @; b = 2"),
        ("if a: @", "if a: model.eval(); @"),
        ("if a:\n\ty = [\n\t@]\n", "if a:\n\tmodel.eval()\n\ty = [\n\t@]\n"),
        ("if a: pass\nelse: return @", "if a: pass\nelse: model.eval(); return @"),
        ("with no_grad(): y = @", "with no_grad(): model.eval(); y = @"),
        ("if a: \\\n  @", "if a: \\\n  model.eval(); @"),
        ("for t in @:\n    pass", "model.eval()\nfor t in @:\n    pass"),
        ("if a:\n  for t in @: pass", "if a:\n  model.eval()\n  for t in @: pass"),
        ("with @ as y: pass", "model.eval()\nwith @ as y: pass"),
        ("match @:\n    case 1: pass", "model.eval()\nmatch @:\n    case 1: pass"),
        ("match a:\n    case 1: y = @", "match a:\n    case 1: model.eval(); y = @"),
        ("try:\n    a\nexcept E:\n    @", "try:\n    a\nexcept E:\n    model.eval()\n    @"),
        ("x = '''\n'''; @", "x = '''\n'''; model.eval(); @"),
        ("# why\n\f@  # c", "# why\n\fmodel.eval()\n@  # c"),
        ("class A:\n    \f  y = @", "class A:\n    \f  model.eval()\n  y = @"),
        ("é = 'ü'; y = @", "é = 'ü'; model.eval(); y = @"),
        ("assert @", "model.eval()\nassert @"),
        ("y = 1 if @ else 2", "model.eval()\ny = 1 if @ else 2"),
        ("x = 1\n@", "x = 1\nmodel.eval()\n@"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_insertion_before_the_statement(before, after, newline):
    # The first line settles which line end the document writes.
    before, after = (("0\n" + t.replace("@", CALL)).replace("\n", newline) for t in (before, after))
    assert fixed(before, "generate", Eval) == after


@pytest.mark.parametrize(
    "text",
    [
        "if @: pass",
        "if a: pass\nelif @: pass",
        "while @: pass",
        "@@\ndef f(): pass",
        "def f(a=@): pass",
        "class A(@): pass",
        "y = lambda: @",
        "y = [@ for x in z]",
        "y = {x: @ for x in z}",
        "y = list(a for x in @)",
        "y = f'{@}'",
        "with a as b, @: pass",
        "try: pass\nexcept @: pass",
        "match a:\n    case 1 if @: pass",
        "y = (model := z), @",
    ],
)
def test_no_insertion_where_it_would_not_run_just_before(text):
    head, rest = (text[:1], text[1:]) if text.startswith("@@") else ("", text)
    assert fixed(head + rest.replace("@", CALL), "generate", Eval) is None


def test_insertion_before_what_may_not_run_is_unsafe():
    for text in (f"y = a and {CALL}", f"y = {CALL} if a else 1"):
        _, flagged = one(text, "generate", Eval)
        assert flagged.fixes[0].applicability is Applicability.UNSAFE
    _, flagged = one(f"y = {CALL} and a", "generate", Eval)
    assert flagged.fixes[0].applicability is Applicability.SAFE


def test_no_insertion_of_what_is_no_statement():
    class Broken:
        def __init__(self, line):
            self.line = line

        def visit_Call(self, node, rewriting):
            rewriting.insert_before(rewriting.target, self.line)

    for line in ("a\n .eval()", "a\n+b.eval()"):
        assert fixed("model.generate(x)", "generate", Broken(line)) is None


class After:
    def visit_Call(self, node, rewriting):
        rewriting.insert_after(rewriting.target, "model.eval()")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{CALL}\n", f"{CALL}\nmodel.eval()\n"),
        (CALL, f"{CALL}\nmodel.eval()"),
        (
            f"if a:\n\ty = {CALL}  # why\n\tz\n",
            f"if a:\n\ty = {CALL}  # why\n\tmodel.eval()\n\tz\n",
        ),
        (f"if a: {CALL}\n", f"if a: {CALL}; model.eval()\n"),
        (f"{CALL}; z\n", f"{CALL}; model.eval(); z\n"),
        (f"z; {CALL}\n", f"z; {CALL}; model.eval()\n"),
    ],
)
def test_insertion_after_the_statement(before, after):
    assert fixed(before, "generate", After()) == after


@pytest.mark.parametrize(
    "text",
    [
        f"def f():\n    return {CALL}\n",
        f"if {CALL}:\n    pass\n",
        f"y = lambda: {CALL}\n",
        f"y = [{CALL} for x in z]\n",
    ],
)
def test_no_insertion_where_it_would_not_run_just_after(text):
    assert fixed(text, "generate", After()) is None


def test_one_insertion_for_two_targets_of_one_statement():
    doc = document("model.generate(model.generate(x))\n")
    first, second = calls(doc, "generate")

    class Both:
        def visit_Call(self, node, rewriting):
            rewriting.insert_before(rewriting.target, "model.eval()")

    flagged = flag(doc, [suspicion(first, Both(), targets=(first, second))])
    assert [e.content for e in flagged[0].fixes[0].edits] == ["model.eval()\n"]


class Copy:
    """Replaces use(...)'s argument by the argument of the first call of source(...)."""

    def __init__(self, node: ast.expr):
        self.node = node

    def leave_Call(self, original, updated, rewriting):
        text = rewriting.copy(self.node, to=rewriting.target)
        arg = updated.args[0].with_changes(value=rewriting.expression(text))
        return updated.with_changes(args=[arg])


def copied(text: str) -> tuple[str, Applicability]:
    doc = document(text)
    source = calls(doc, "source")[0].args[0]
    use = calls(doc, "use")[0]
    fix = flag(doc, [suspicion(use, Copy(source))])[0].fixes[0]
    result = doc.edited(fix.edits).text
    ast.parse(result)
    return result, fix.applicability


@pytest.mark.parametrize(
    "text",
    [
        "source('id')\nuse(0)\n",
        "def f():\n    source('id')\nuse(0)\n",
        "source(path)\nother = 1\nuse(0)\n",
        "path = 1\nsource(path)\nuse(0)\npath = 2\n",
        "for path in paths:\n    c = source(path)\n    use(0)\n",
        "source(args.path)\nargs.other = 1\nif a:\n    use(0)\n",
        "def g(path):\n    source(path)\n    use(0)\ndef h():\n    path = 1\n",
        "with a:\n    source(path)\nuse(0)\n",
        "source(path)\nxs = [path for path in y]\nuse(0)\n",
        "path = use(0), source(path)\n",
    ],
)
def test_copy_keeps_a_value_that_cannot_have_changed(text):
    result, applicability = copied(text)
    doc = document(text)
    value = doc.source(calls(doc, "source")[0].args[0])
    assert result == text.replace("use(0)", f"use({value})")
    assert applicability is Applicability.SAFE


@pytest.mark.parametrize(
    "text",
    [
        "source(f())\nuse(0)\n",
        "source(path)\npath = 1\nuse(0)\n",
        "source(path)\nif a:\n    path += 1\nuse(0)\n",
        "source(path)\nfor path in x: pass\nuse(0)\n",
        "source(path)\nwith a as path: pass\nuse(0)\n",
        "source(path)\ndel path\nuse(0)\n",
        "source(path)\nimport path\nuse(0)\n",
        "source(path)\ny = [(path := z) for z in x]\nuse(0)\n",
        "path = source(path)\nuse(0)\n",
        "source(path)\nwhile a:\n    use(0)\n    path = 1\n",
        "for path in paths:\n    source(path)\nuse(0)\n",
        "if a:\n    source(path)\nuse(0)\n",
        "def f():\n    source(path)\nuse(0)\n",
        "source(path)\ndef f():\n    use(0)\n",
        "def f():\n    global path\n    path = 1\nsource(path)\nuse(0)\n",
        "source(args.path)\nargs.path = 1\nuse(0)\n",
        "source(paths[0])\npaths[0] = 1\nuse(0)\n",
        "y = [source(x) for x in z]\nuse(0)\n",
        "use(0)\nsource(path)\n",
        "source(path), (path := 1), use(0)\n",
    ],
)
def test_copy_of_what_may_have_changed_is_unsafe(text):
    assert copied(text)[1] is Applicability.UNSAFE


def test_copied_text_is_put_in_parentheses_where_it_needs_them():
    assert copied("x = source(('a'\n  'b'))\nuse(0)\n")[0].endswith("use(('a'\n  'b'))\n")
    assert copied("x = source(a\n+ b)\nuse(0)\n")[0].endswith("use((a\n+ b))\n")
    assert copied("x = source((1, 2))\nuse(0)\n")[0].endswith("use((1, 2))\n")


PIECES = st.sampled_from(
    [
        "# comment ä",
        "",
        "\f",
        "x = 1; y = '日本'",
        "s = '''a\n\tb'''",
        "def f(a,\n      b):\n\t\treturn  a  # trailing \n",
        "if x:\n\t# tab\n\ty = (1,\n\n  2)  ",
        "z = x \\\n  + 1",
        "from peft import LoraConfig as LC",
    ]
)
TARGETS = st.sampled_from(
    [
        ("model.generate(x)", "generate", Eval),
        ("if x:\n\t\ty = 2; y = model.generate( x )  # c", "generate", Eval),
        ("for t in model.generate(x): print( t )", "generate", Eval),
        ("m = get_peft_model(base,  # base\n\n    config , autocast = True )", "get_peft_model", Load),
        ("é = (  \n  get_peft_model (base, config)  # c\n)", "get_peft_model", Load),
        ("c = LoraConfig(\n\tr = 8,  # rank ö\n\n\t# alpha\n\ta=1,\n   )", "LoraConfig", TaskType),
        ("def g(c=LoraConfig( r=8 ),\n  *, d): pass", "LoraConfig", TaskType),
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(
    before=st.lists(PIECES, max_size=4),
    target=TARGETS,
    after=st.lists(PIECES, max_size=3),
    newlines=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=1, max_size=3),
    bom=st.booleans(),
    final=st.booleans(),
)
def test_every_byte_outside_the_edits_stays(before, target, after, newlines, bom, final):
    text, name, visitor = target
    lines = "\n".join(["import os", *before, text, *after]).split("\n")
    joined = "".join(line + newlines[i % len(newlines)] for i, line in enumerate(lines))
    joined = joined if final else joined.rstrip("\r\n")
    data = (b"\xef\xbb\xbf" if bom else b"") + joined.encode()
    doc = Document.from_bytes(data, "x.py")
    node = calls(doc, name)[0]
    flagged = flag(doc, [suspicion(node, visitor(node) if visitor is Eval else visitor())])
    fix = flagged[0].fixes[0]
    result = doc.edited(fix.edits).to_bytes()
    ast.parse(result)
    # Cut the edits out of both: what is left must be the same bytes.
    position, shift, old, new = 0, 0, [], []
    written = result.decode("utf-8-sig")
    for edit in fix.edits:
        old.append(doc.text[position : edit.span.start])
        new.append(written[position + shift : edit.span.start + shift])
        position = edit.span.end
        shift += len(edit.content) - (edit.span.end - edit.span.start)
        assert "\f" not in edit.content
    assert old == new
    assert written[position + shift :] == doc.text[position:]
    assert result.startswith(b"\xef\xbb\xbf") == bom
    # Other statements, comments included, are still there in their order.
    assert ast.dump(ast.parse(joined).body[0]) == ast.dump(ast.parse(result).body[0])


class Remove:
    """Takes away all simple statements that hold a call of `generate`."""

    def visit_Call(self, node, rewriting):
        found = [
            statement
            for statement in ast.walk(rewriting.document.tree)
            if isinstance(statement, (ast.Assign, ast.Expr)) and calls_generate(statement)
        ]
        rewriting.remove(*found)


def calls_generate(node):
    return any(isinstance(one, ast.Attribute) and one.attr == "generate" for one in ast.walk(node))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("@\nb = 2\n", "b = 2\n"),
        ("a = 1\n@", "a = 1\n"),
        ("a = 1\n\ny = (\n  @\n)\n\nb = 2\n", "a = 1\n\n\nb = 2\n"),
        ("a = 1; @; b = 2\n", "a = 1; b = 2\n"),
        ("a = 1; @\nb = 2\n", "a = 1\nb = 2\n"),
        ("a = 1; @;\n", "a = 1;\n"),
        ("@; b = 2  # c\n", "b = 2  # c\n"),
        ("@;\nb = 2\n", "b = 2\n"),
        ("if a:\n\t@  # why\n\tb = 2\n", "if a:\n\t# why\n\tb = 2\n"),
        ("if a:\n    @\nb = 2\n", "if a:\n    pass\nb = 2\n"),
        ("if a: @\nb = 2\n", "if a: pass\nb = 2\n"),
        ("if a: @; b = 2\n", "if a: b = 2\n"),
        ("if a:\n    x = @\n    y = @\nb = 2\n", "if a:\n    pass\nb = 2\n"),
        ("x = @\ny = @\nb = 2\n", "b = 2\n"),
        ("a = 1\n\f@\nb = 2\n", "a = 1\nb = 2\n"),
        ("é = 'ü'; @; b = 2\n", "é = 'ü'; b = 2\n"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_statement_is_taken_away_with_its_line(before, after, newline):
    before, after = (("0\n" + t.replace("@", CALL)).replace("\n", newline) for t in (before, after))
    assert fixed(before, "generate", Remove) == after


def test_a_comment_inside_what_is_taken_away_makes_the_fix_unsafe():
    _, flagged = one(f"a = 1\ny = (  # why\n  {CALL}\n)\n", "generate", Remove)
    assert flagged.fixes[0].applicability is Applicability.UNSAFE
