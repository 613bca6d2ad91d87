"""The outline: which words every statement, definition, lambda and comprehension holds."""

import ast

import pytest

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.outline import CLOSES, LEAVES, SETTLES, Outline
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target

SOURCE = """\
import peft.tuners as tuners
from trl import SFTTrainer as Trainer

@decorated(option)
def build(model: Annotated = default) -> Result:
    global kept
    if isinstance(model, PeftModel):
        kept = [inner for layer in model.layers]
        model.training = True
    return lambda x: (other := x.value)

setattr(build, "merged", getattr(build, "active"))
for left, right.side in pairs(lora_alpha=16, mode="all-linear"):
    pass
"""


@pytest.fixture
def tree():
    return ast.parse(SOURCE)


@pytest.fixture
def outline(tree):
    return Outline(tree)


def words(outline, node):
    part = outline.part(node)
    return set(outline.words[part.start : part.end])


def test_each_statement_has_its_words_and_those_inside(tree, outline):
    module, name, function, call, loop = tree.body
    assert words(outline, module) == {"tuners", LEAVES}
    assert words(outline, name) == {"SFTTrainer", LEAVES}
    assert words(outline, call) == {"setattr", "getattr", "build", "merged", "active"}
    assert words(outline, loop) == {"left", "right", "side", "pairs"}
    declared, test, result = function.body
    assert words(outline, declared) == {LEAVES, SETTLES}
    # The class of `isinstance` is a question; annotations are not evaluated.
    inner = {"isinstance", "model", "kept", "inner", "layer", "layers", "training", SETTLES}
    assert words(outline, test) == inner
    assert words(outline, test.body[0].value) == {"inner", "layer", "layers", "model"}
    assert words(outline, result) == {"other", "x", "value", CLOSES, LEAVES}
    assert words(outline, result.value) == {"other", "x", "value"}
    whole = words(outline, function)
    assert whole == inner | {"decorated", "option", "default", "other", "x", "value"} | {
        CLOSES,
        LEAVES,
    }


def test_names_are_bound_in_their_own_scope(tree, outline):
    module, name, function, call, loop = tree.body
    bound = [outline.part(one).bound for one in (module, name, call, loop)]
    assert bound == [{"tuners"}, {"Trainer"}, set(), {"left"}]
    assert [outline.part(one).bound for one in function.body] == [
        set(),
        {"kept", "layer"},
        {"other"},
    ]
    assert outline.globals == {function: {"kept"}}


def test_attributes_that_are_assigned(tree, outline):
    parts = [outline.part(one) for one in tree.body]
    assigned = [outline.assigned.between(part.start, part.end) for part in parts]
    assert assigned == [set(), set(), {"training"}, {"merged"}, {"side"}]
    assert outline.assigned.names == {"training", "merged", "side"}


def test_a_definition_is_one_name_for_who_stands_around_it():
    tree = ast.parse("if flag:\n    def inner():\n        result = 1\n")
    outline = Outline(tree)
    statement = tree.body[0]
    assert words(outline, statement) == {"flag", "result", LEAVES, CLOSES}
    assert outline.part(statement).bound == {"inner"}
    assert words(outline, statement.body[0]) == {"result"}
    assert outline.definitions == {"inner": [statement.body[0]]}


def test_whatever_may_name_something_is_among_the_names(outline):
    assert {"lora_alpha", "all-linear", "build", "SFTTrainer"} <= outline.names
    assert all(map(outline.says, ("SFTTrainer", "*Trainer*", "*SFTTrainer*")))
    assert not any(map(outline.says, ("Trainer", "*trainer*")))


def test_no_rule_wakes_for_a_comment(monkeypatch):
    rule = next(rule for rule in all_rules() if rule.words == ("merge_and_unload",))
    monkeypatch.setattr("peft_lint.engine._suspect", lambda document, rules, target: 1 / 0)
    told = '"""Later: model.merge_and_unload(), which nobody calls here; this is a long remark."""'
    assert (
        find(Document("a.py", f"import peft\n{told}\n# merge_and_unload\n"), [rule], Target()) == []
    )
    with pytest.raises(ZeroDivisionError):
        find(Document("a.py", "import peft\nmodel.merge_and_unload()\n"), [rule], Target())


def test_a_document_in_which_nothing_makes_an_object_is_not_run(monkeypatch):
    monkeypatch.setattr("peft_lint.interpreter.run.interpret", lambda machine: 1 / 0)
    uses = "import peft\n\ndef answer(model, prompt):\n    return model.generate(prompt)\n"
    assert find(Document("a.py", uses), all_rules(), Target()) == []
    with pytest.raises(ZeroDivisionError):
        find(Document("a.py", f"{uses}peft.get_peft_model\n"), all_rules(), Target())
