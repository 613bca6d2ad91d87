"""The driver: what is called, what is kept, and how small the edits are."""

import ast
import subprocess
import sys
import threading

import pytest

from peft_lint.finding import Applicability, Edit
from peft_lint.suspicion import NoFix, Proposal, Withdraw
from peft_lint.syntax.calls import add_keyword, replace_keyword
from peft_lint.syntax.driver import flag
from tests.unit.syntax_tools import Eval, Load, TaskType, calls, document, fixed, one, suspicion

HEAD = "from peft import PeftModel, TaskType, LoraConfig, get_peft_model\n"


def changes(doc, flagged):
    return [(doc.text[e.span.start : e.span.end], e.content) for e in flagged.fixes[0].edits]


def test_only_changed_tokens_are_edited():
    text = HEAD + "m = get_peft_model(base,  # the base\n    config, autocast=True).to(d)\n"
    doc, flagged = one(text, "get_peft_model", Load)
    assert changes(doc, flagged) == [
        ("get_peft_model", "PeftModel.from_pretrained"),
        ("config", '"id"'),
    ]
    assert flagged.fixes[0].applicability is Applicability.SAFE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LoraConfig()", "LoraConfig(task_type=TaskType.SEQ_CLS)"),
        ("LoraConfig(8)", "LoraConfig(8, task_type=TaskType.SEQ_CLS)"),
        ("LoraConfig(r = 8)", "LoraConfig(r = 8, task_type = TaskType.SEQ_CLS)"),
        ("LoraConfig(r=8, )", "LoraConfig(r=8, task_type=TaskType.SEQ_CLS, )"),
        ("LoraConfig(**kw)", "LoraConfig(**kw, task_type=TaskType.SEQ_CLS)"),
        ("LoraConfig(r=8, a=1,\n)", "LoraConfig(r=8, a=1, task_type=TaskType.SEQ_CLS,\n)"),
        ("LoraConfig(r=8,\n           a=1)", "LoraConfig(r=8,\n           a=1,\n           task_type=TaskType.SEQ_CLS)"),
        (
            "LoraConfig(\n    r=8,  # rank\n    # alpha\n    a=16,  # z\n    # end\n)",
            "LoraConfig(\n    r=8,  # rank\n    # alpha\n    a=16,  # z\n    # end\n    task_type=TaskType.SEQ_CLS,\n)",
        ),
        (
            "LoraConfig(\n    r=8,\n    a=16  # z\n)",
            "LoraConfig(\n    r=8,\n    a=16,  # z\n    task_type=TaskType.SEQ_CLS\n)",
        ),
        ("LoraConfig(\n\tr=8)", "LoraConfig(\n\tr=8,\n\ttask_type=TaskType.SEQ_CLS)"),
    ],
)  # fmt: skip
def test_added_keyword_keeps_the_layout_and_only_inserts(before, after):
    for indent, newline in (("", "\n"), ("", "\r\n"), ("if 1:\n    ", "\n")):
        text = (HEAD + indent + f"c = {before}\n").replace("\n", newline)
        doc, flagged = one(text, "LoraConfig", TaskType)
        assert all(replaced == "" for replaced, _ in changes(doc, flagged))
        expected = (HEAD + indent + f"c = {after}\n").replace("\n", newline)
        assert doc.edited(flagged.fixes[0].edits).text == expected
        assert flagged.fixes[0].applicability is Applicability.SAFE


def test_keyword_is_not_added_twice_nor_to_a_bare_generator():
    assert fixed(HEAD + "LoraConfig(task_type=1)\n", "LoraConfig", TaskType) is None
    assert fixed(HEAD + "LoraConfig(a for a in b)\n", "LoraConfig", TaskType) is None


def test_replaced_keyword_changes_its_value_alone():
    class Zero:
        def leave_Call(self, original, updated, rewriting):
            return replace_keyword(updated, "r", "0")

    doc, flagged = one("f(a, r = 8,  # c\n  b=1)\n", "f", Zero)
    assert changes(doc, flagged) == [("8", "0")]
    assert fixed("f(a)\n", "f", Zero) is None


def test_a_replaced_comment_makes_the_fix_unsafe():
    class Drop:
        def leave_Call(self, original, updated, rewriting):
            return rewriting.expression("f()")

    _, flagged = one("x = f(  # why\n  1)\n", "f", Drop)
    assert flagged.fixes[0].applicability is Applicability.UNSAFE


def test_parentheses_of_a_replaced_expression_stay():
    class Name:
        def leave_Call(self, original, updated, rewriting):
            return rewriting.expression("y if z else w")

    assert fixed("x = (  # c\n    f(1)\n)\n", "f", Name) == "x = (  # c\n    y if z else w\n)\n"
    assert fixed("x = f(1).a\n", "f", Name) == "x = (y if z else w).a\n"
    assert fixed("if f(1): pass\n", "f", Name) == "if (y if z else w): pass\n"


def test_visit_comes_before_leave_and_gets_the_node_at_the_place():
    seen = []

    class Spy:
        def visit_Call(self, node, rewriting):
            seen.append(("visit", rewriting.code(node), rewriting.source(rewriting.target)))

        def leave_Call(self, original, updated, rewriting):
            seen.append(("leave", rewriting.code(updated)))
            return updated

    doc = document("x = f(g(1), f(2))\n")
    inner, outer = calls(doc, "f")[1], calls(doc, "f")[0]
    flagged = flag(doc, [suspicion(outer, Spy(), targets=(outer, inner))])
    assert flagged[0].fixes == ()
    assert seen == [
        ("visit", "f(g(1), f(2))", "f(g(1), f(2))"),
        ("visit", "f(2)", "f(2)"),
        ("leave", "f(2)"),
        ("leave", "f(g(1), f(2))"),
    ]


def test_nested_targets_and_several_windows_make_one_fix():
    class Add:
        def leave_Call(self, original, updated, rewriting):
            return add_keyword(updated, "k", "1")

    doc = document("x = f(a, f(b), f(c))\ny = f()\n")
    nodes = calls(doc, "f")
    flagged = flag(doc, [suspicion(nodes[0], Add(), targets=tuple(nodes))])
    expected = "x = f(a, f(b, k=1), f(c, k=1), k=1)\ny = f(k=1)\n"
    assert doc.edited(flagged[0].fixes[0].edits).text == expected
    assert all(e.span.start == e.span.end for e in flagged[0].fixes[0].edits)


class Raises:
    def __init__(self, error):
        self.error = error

    def visit_Call(self, node, rewriting):
        raise self.error


def test_withdrawal_of_the_first_proposal_drops_the_suspicion():
    doc = document("model.generate(x)\n")
    node = calls(doc, "generate")[0]
    assert flag(doc, [suspicion(node, Raises(Withdraw()), Eval(node))]) == []
    kept = flag(doc, [suspicion(node, Eval(node), Raises(Withdraw()), Raises(NoFix()))])
    assert [fix.edits[0].content for fix in kept[0].fixes] == ["model.eval()\n"]
    assert flag(doc, [suspicion(node, Raises(NoFix()))])[0].fixes == ()


def test_a_display_fix_may_be_empty():
    doc = document("f()\n")
    node = calls(doc, "f")[0]
    sketch = suspicion(node, object(), applicability=Applicability.DISPLAY)
    assert [fix.edits for fix in flag(doc, [sketch])[0].fixes] == [()]


def test_an_error_in_a_visitor_reaches_the_caller_and_the_stack_size_is_restored():
    doc = document("f()\n")
    before = threading.stack_size()
    with pytest.raises(ZeroDivisionError):
        flag(doc, [suspicion(calls(doc, "f")[0], Raises(ZeroDivisionError()))])
    assert threading.stack_size() == before


def test_spans_are_the_anchor_and_its_statement():
    doc, flagged = one("if a:\n    x = [f(1), 2]  # c\n", "f", Raises(NoFix()))
    parts = [doc.text[s.start : s.end] for s in (flagged.span, flagged.statement)]
    assert parts == ["f(1)", "x = [f(1), 2]"]
    doc, flagged = one("with f(1) as x:\n    y\n", "f", Raises(NoFix()))
    assert doc.text[flagged.statement.start : flagged.statement.end] == "with f(1) as x:"
    doc, flagged = one('x = f"""\n{f(1)}"""\n', "f", Raises(NoFix()))
    assert doc.text[flagged.span.start : flagged.span.end] == 'f"""\n{f(1)}"""'


def test_too_deep_windows_keep_the_finding_without_a_fix():
    for text in ("x = f()" + ".a" * 500, "x = f()" + " + 1" * 500, "x = " + "[f(" * 60 + ")]" * 60):
        doc = document(text)
        node = next(n for n in ast.walk(doc.tree) if isinstance(n, ast.Call))
        assert [f.fixes for f in flag(doc, [suspicion(node, TaskType())])] == [()]
    deep = HEAD + "x = " + "(" * 190 + "get_peft_model(base, config)" + ")" * 190 + "\n"
    assert "PeftModel.from_pretrained" in fixed(deep, "get_peft_model", Load)


def test_libcst_is_imported_only_for_proposals():
    script = """
import sys
from tests.unit.syntax_tools import Eval, calls, document, suspicion
from peft_lint import fixer
from peft_lint.syntax import calls as _, imports, rewriting
from peft_lint.syntax.driver import flag
doc = document("model.generate(x)")
node = calls(doc, "generate")[0]
assert len(flag(doc, [suspicion(node)])) == 1
assert not [name for name in sys.modules if name.startswith("libcst")]
flag(doc, [suspicion(node, Eval(node))])
assert "libcst" in sys.modules
assert "libcst.matchers" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_change_outside_the_header_is_refused():
    class Body:
        def leave_FunctionDef(self, original, updated, rewriting):
            import libcst

            body = libcst.parse_statement("if 1:\n    return 2\n").body
            return updated.with_changes(body=body)

        def visit_FunctionDef(self, node, rewriting):
            assert rewriting.code(node).startswith("    @d")

    doc = document("class A:\n    @d\n    def f(self):\n        return 1\n")
    node = doc.tree.body[0].body[0]
    assert flag(doc, [suspicion(node, Body())])[0].fixes == ()


def test_a_signature_is_edited_in_place():
    class Default:
        def leave_FunctionDef(self, original, updated, rewriting):
            params = updated.params
            new = params.params[-1].with_changes(default=rewriting.expression("2"))
            changed = params.with_changes(params=[*params.params[:-1], new])
            return updated.with_changes(params=changed)

    text = "class A:\n    @d(1,\n       2)\n    def f(self, a=1):  # c\n        return 1\n"
    doc = document(text)
    node = doc.tree.body[0].body[0]
    fix = flag(doc, [suspicion(node, Default())])[0].fixes[0]
    start = text.index("a=1") + 2
    assert [(e.span.start, e.span.end, e.content) for e in fix.edits] == [(start, start + 1, "2")]
    assert isinstance(fix.edits[0], Edit)


def test_proposals_of_one_document_share_their_windows(monkeypatch):
    import libcst

    parsed = []
    real = libcst.parse_module
    monkeypatch.setattr(libcst, "parse_module", lambda text: parsed.append(text) or real(text))
    doc = document(HEAD + "c = LoraConfig(LoraConfig())\n")
    outer, inner = calls(doc, "LoraConfig")
    both = [suspicion(outer, TaskType(), TaskType()), suspicion(inner, TaskType())]
    assert [len(f.fixes) for f in flag(doc, both)] == [2, 1]
    assert parsed == ["c = LoraConfig(LoraConfig())"]
    assert isinstance(both[0].proposals[0], Proposal)
