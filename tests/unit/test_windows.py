"""Windows: which piece is parsed, that nodes are found by place, and what is never parsed."""

import ast

import libcst as cst
import pytest

from peft_lint.locations import header_end, locate, statement_span
from peft_lint.syntax.windows import MAX_DEPTH, Windows
from tests.unit.syntax_tools import calls, document


def window_text(text: str, name: str = "f") -> str | None:
    doc = document(text)
    window = Windows(doc).around(calls(doc, name)[0])
    return None if window is None else doc.text[window.span.start : window.span.end]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = f(1)\n", "x = f(1)"),
        ("a; x = f(1); b\n", "x = f(1)"),
        ("if a: x = f(1)\n", "x = f(1)"),
        ("if a:\n\tx = f(\n\t\t1,\n\t)\n", "x = f(\n\t\t1,\n\t)"),
        ("while f(1):\n    pass\n", "f(1)"),
        ("if a:\n    pass\nelif g(\n  f(1)\n):\n    pass\n", "g(\n  f(1)\n)"),
        ("for x in f(1), 2:\n    pass\n", "f(1), 2"),
        ("with a as b, f(1) as c:\n    pass\n", "f(1)"),
        ("match f(1):\n    case 2:\n        pass\n", "f(1)"),
        ("match a:\n    case 2 if f(1):\n        pass\n", "f(1)"),
        ("try:\n    pass\nexcept f(1):\n    pass\n", "f(1)"),
        ("@f(1)\n@g\ndef h(a, b=2) -> int:  # c\n    pass\n", "@f(1)\n@g\ndef h(a, b=2) -> int:"),
        (
            "class A:\n  async def h(a=f(1), *, b: int): return 1\n",
            "async def h(a=f(1), *, b: int):",
        ),
        ("class A(f(1)):\n    x = 1\n", "class A(f(1)):"),
        ("def g():\n    return (yield f(1))\n", "return (yield f(1))"),
        ("é = 'ü'; x = f(1)\n", "x = f(1)"),
    ],
)
def test_window_is_the_innermost_statement_or_header(text, expected):
    for newline in ("\n", "\r\n"):
        assert window_text(text.replace("\n", newline)) == expected.replace("\n", newline)


@pytest.mark.parametrize(
    "text",
    [
        "x = f(1).a(2).b[f(3)](4)\n",
        "x = (((f((1)))))\n",
        "x = (  # c\n    (f)(1, (2, 3), (a for a in b), [c for c in d])\n)\n",
        "x = f(1) + (f(2) and f(3) or not f(4)) < -f(5)\n",
        "async def g():\n    await f(*a, **f(b), k=lambda z: f(z))\n",
        "class A:\n    @f(1)\n    @f(2,\n       3)\n    def g(self, a: f(4) = f(5)): pass\n",
        "if (f(1) if f(2) else f(3)):\n    pass\n",
        "y = 'ä', f('日本'), f(1)\n",
        "x = 'a' 'b', f'q', ..., None, 1j, f({1: 2, **f(3)}, {4}, x[1:f(5), 2])\n",
    ],
)
def test_every_node_is_found_with_the_same_code(text):
    doc = document(text)
    windows = Windows(doc)
    seen = 0
    for node in ast.walk(doc.tree):
        if not isinstance(
            node, ast.Call | ast.Name | ast.Attribute | ast.BinOp | ast.Await | ast.Tuple
        ):
            continue
        window = windows.around(node)
        found = window.node(node)
        if found is None:
            continue
        seen += 1
        bare = found
        if not isinstance(node, ast.Tuple):
            bare = found.with_changes(lpar=[], rpar=[])
        assert window.code(bare) == doc.source(node)
    wanted = [n for n in ast.walk(doc.tree) if isinstance(n, ast.Call)]
    assert all(isinstance(windows.around(n).node(n), cst.Call) for n in wanted)
    assert seen >= len(wanted)


def test_parenthesised_tuples_and_generators_count_their_parentheses():
    doc = document("x = ((1, 2)), ((a for a in b))\n")
    outer = doc.tree.body[0].value
    window = Windows(doc).around(outer)
    assert isinstance(window.node(outer.elts[0]), cst.Tuple)
    assert isinstance(window.node(outer.elts[1]), cst.GeneratorExp)
    assert window.code(window.node(outer)) == "((1, 2)), ((a for a in b))"


def test_small_statements_and_definitions_are_nodes_too():
    doc = document("a = 1; b += f()\n@d\ndef g(): pass\n")
    windows = Windows(doc)
    kinds = [type(windows.around(s).node(s)).__name__ for s in doc.tree.body]
    assert kinds == ["Assign", "AugAssign", "FunctionDef"]


def test_a_window_is_parsed_once():
    doc = document("x = f(g(1))\n")
    windows = Windows(doc)
    assert windows.around(calls(doc, "f")[0]) is windows.around(calls(doc, "g")[0])


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "g(" * MAX_DEPTH + "f(1)" + ")" * MAX_DEPTH,
        "x = f(1)" + ".a()" * 250,
        "x = f(1)" + " + 1" * 500,
        "x = f(1, " + '"" ' * 30_000 + ")",
        "x = f(1, [" + "1, " * 40_000 + "])",
        "x = f'{f(1)}'",
    ],
    ids=["nested", "chain", "sum", "strings", "list", "f-string"],
)
def test_what_libcst_cannot_take_has_no_window(text):
    doc = document(text)
    node = next(
        n
        for n in ast.walk(doc.tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "f"
    )
    assert Windows(doc).around(node) is None


def test_headers_end_at_their_colon():
    text = "def f(a={1: 2}, b: int = 3) -> {4: 5}:  # :\n    pass\n"
    doc = document(text)
    assert header_end(doc, doc.tree.body[0]) == text.index(":  # :") + 1
    nothing = document("def f(  # :\n):\n    pass\ntry:\n    pass\nfinally:\n    pass\n")
    ends = [statement_span(nothing, s) for s in nothing.tree.body]
    assert [nothing.text[s.start : s.end] for s in ends] == ["def f(  # :\n):", "try:"]


def test_a_foreign_node_is_an_error():
    doc = document("x = 1\n")
    with pytest.raises(LookupError):
        locate(doc.tree, ast.parse("x = 2").body[0])
