"""Imports: how a symbol is spelled at a place, and the import that is added in the file's style."""

import pytest

from tests.unit.syntax_tools import fixed

USE = "m = get_peft_model(base, config)"


class Spell:
    """Replaces get_peft_model by the spelling of peft.PeftModel, and more symbols if told."""

    def __init__(self, *more):
        self.more = more

    def leave_Call(self, original, updated, rewriting):
        name = rewriting.spelling("peft.PeftModel")
        for symbol in self.more:
            rewriting.spelling(symbol)
        return updated.with_changes(func=rewriting.expression(name))


def spelled(head: str, use: str = USE, *more: str) -> str | None:
    return fixed(head + use + "\n", "get_peft_model", Spell(*more))


@pytest.mark.parametrize(
    ("head", "spelling"),
    [
        ("from peft import PeftModel\n", "PeftModel"),
        ("from peft import PeftModel as PM\n", "PM"),
        ("import peft\n", "peft.PeftModel"),
        ("import peft as p\n", "p.PeftModel"),
        ("import peft.utils\n", "peft.PeftModel"),
        ("import peft\nfrom peft import LoraConfig\n", "peft.PeftModel"),
        ("import peft\nfrom peft import PeftModel\n", "PeftModel"),
        ("try:\n    from peft import PeftModel\nexcept ImportError:\n    PeftModel = None\n", "PeftModel"),
        ("with a:\n    from peft import PeftModel\n", "PeftModel"),
        ("from peft import PeftModel\ndef f():\n    PeftModel = 1\n", "PeftModel"),
    ],
)  # fmt: skip
def test_what_is_imported_is_spelled_without_an_edit(head, spelling):
    assert spelled(head) == f"{head}m = {spelling}(base, config)\n"


@pytest.mark.parametrize(
    ("head", "after"),
    [
        # One line: sorted lists stay sorted, others grow at the end.
        ("from peft import get_peft_model\n", "from peft import PeftModel, get_peft_model\n"),
        ("from peft import A, Z\n", "from peft import A, PeftModel, Z\n"),
        ("from peft import Z, A\n", "from peft import Z, A, PeftModel\n"),
        ("from peft import LoraConfig as L  # c\n", "from peft import LoraConfig as L, PeftModel  # c\n"),
        ("from peft import (A, Z)\n", "from peft import (A, PeftModel, Z)\n"),
        ("from peft import (A, B,)\n", "from peft import (A, B, PeftModel,)\n"),
        ("from peft import get_a, LoraConfig, Ab\n", "from peft import get_a, LoraConfig, Ab, PeftModel\n"),
        ("from peft import get_a, LoraConfig, z\n", "from peft import get_a, LoraConfig, PeftModel, z\n"),
        # One name per line.
        ("from peft import (\n    A,  # a\n    # z\n    z,\n)\n", "from peft import (\n    A,  # a\n    PeftModel,\n    # z\n    z,\n)\n"),
        ("from peft import (\n    A,\n    B,  # b\n)\n", "from peft import (\n    A,\n    B,  # b\n    PeftModel,\n)\n"),
        ("from peft import (\n    A,\n    B  # b\n)\n", "from peft import (\n    A,\n    B,  # b\n    PeftModel\n)\n"),
        ("from peft import (\n    A,\n    B\n)\n", "from peft import (\n    A,\n    B,\n    PeftModel\n)\n"),
        ("from peft import (A,\n                  B)\n", "from peft import (A,\n                  B,\n                  PeftModel)\n"),
        ("from peft import (\n\tz,\n)\n", "from peft import (\n\tPeftModel,\n\tz,\n)\n"),
        # Several per line, and continued by backslashes.
        ("from peft import (\n    A, B,\n    C, z,\n)\n", "from peft import (\n    A, B,\n    C, PeftModel, z,\n)\n"),
        ("from peft import A, \\\n    z\n", "from peft import A, \\\n    PeftModel, z\n"),
        ("from peft import \\\n    A\n", "from peft import \\\n    A, PeftModel\n"),
        # Inside a try, with the names that are imported there.
        ("try:\n    from peft import A\nexcept ImportError:\n    A = None\n", "try:\n    from peft import A, PeftModel\nexcept ImportError:\n    A = None\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_list_is_extended_in_its_own_style(head, after, newline):
    use = "m = get_peft_model(base, config)\n"
    result = fixed((head + use).replace("\n", newline), "get_peft_model", Spell())
    assert result == (after + use.replace("get_peft_model", "PeftModel")).replace("\n", newline)


NEW = "from peft import PeftModel\n"


@pytest.mark.parametrize(
    ("head", "after"),
    [
        ("", NEW + "\n"),
        ("#!/usr/bin/python\n# license\n\n", "#!/usr/bin/python\n# license\n\n" + NEW + "\n"),
        ('"""doc"""\n\nx = 1\n', '"""doc"""\n\n' + NEW + "\nx = 1\n"),
        ("from __future__ import annotations\n\n", "from __future__ import annotations\n" + NEW + "\n"),
        ('"""doc"""\nimport a  # a\nimport b\n\nx = 1\n', '"""doc"""\nimport a  # a\nimport b\n' + NEW + "\nx = 1\n"),
        ("import a; import b\n", "import a; import b\n" + NEW),
        ("import a; import b; x = 1\n", "import a; import b; from peft import PeftModel; x = 1\n"),
        ("import a; x = 1\n", "import a; from peft import PeftModel; x = 1\n"),
        ("from peft.utils import y\nimport z\n", "from peft.utils import y\n" + NEW + "import z\n"),
        ("import os\nos.environ['A'] = '1'\nimport torch\nx = 1\n", "import os\nos.environ['A'] = '1'\nimport torch\n" + NEW + "x = 1\n"),
        ("import a\ndef f():\n    pass\nimport b\n", "import a\n" + NEW + "def f():\n    pass\nimport b\n"),
        ("import a\nif T:\n    from peft import PeftModel\n", "import a\n" + NEW + "if T:\n    from peft import PeftModel\n"),
        ("import a\ndef f():\n    from peft import PeftModel\n", "import a\n" + NEW + "def f():\n    from peft import PeftModel\n"),
        ("from foo import *\n", "from foo import *\n" + NEW),
    ],
)  # fmt: skip
def test_a_new_import_goes_after_the_leading_imports(head, after):
    assert spelled(head) == after + USE.replace("get_peft_model", "PeftModel") + "\n"


def test_a_new_import_at_the_end_of_a_file_without_final_newline():
    text = "import a\r\nm = get_peft_model(base, config)"
    expected = "import a\r\nfrom peft import PeftModel\r\nm = PeftModel(base, config)"
    assert fixed(text, "get_peft_model", Spell()) == expected


@pytest.mark.parametrize(
    "head",
    [
        "import a\nPeftModel = 1\n",
        "import a\nfrom b import PeftModel\n",
        "import a\nfrom .b import PeftModel\n",
        "import a\nclass PeftModel: pass\n",
        "import a\ndef f():\n    global PeftModel\n    PeftModel = 1\n",
        "import a\nfrom foo import *\nprint(PeftModel)\n",
    ],
)
def test_a_taken_name_falls_back_to_the_module(head):
    result = spelled(head)
    assert "import peft\n" in result
    assert "m = peft.PeftModel(base, config)\n" in result
    assert "from peft import" not in result


@pytest.mark.parametrize(
    "head",
    [
        "PeftModel = 1\npeft = 2\n",
        "x = 1\nfrom foo import *\nclass A: pass\n",
        "def f():\n    global PeftModel, peft\n",
    ],
)
def test_no_fix_where_no_name_is_free(head):
    text = head + USE if "import *" not in head else "class B: pass\n" + head + USE
    assert fixed(text, "get_peft_model", Spell()) is None


def test_function_level_imports_count_only_in_their_function():
    inside = "def f():\n    from peft import PeftModel\n    x = 1\n    m = get_peft_model(a, b)\n"
    assert fixed(inside, "get_peft_model", Spell()) == inside.replace("get_peft_model", "PeftModel")
    extended = "def f():\n    from peft import A\n    m = get_peft_model(a, b)\n"
    expected = "def f():\n    from peft import A, PeftModel\n    m = PeftModel(a, b)\n"
    assert fixed(extended, "get_peft_model", Spell()) == expected
    other = (
        "import os\n\ndef f():\n    from peft import A\ndef g():\n    m = get_peft_model(a, b)\n"
    )
    expected = (
        "import os\n" + NEW + other[len("import os\n") :].replace("get_peft_model", "PeftModel")
    )
    assert fixed(other, "get_peft_model", Spell()) == expected


def test_a_local_name_hides_the_imported_one():
    text = "from peft import PeftModel\ndef f(PeftModel):\n    m = get_peft_model(a, b)\n"
    result = fixed(text, "get_peft_model", Spell())
    assert "import peft\n" in result
    assert "m = peft.PeftModel(a, b)" in result
    shadowed = "from peft import PeftModel\nf = lambda PeftModel, peft: get_peft_model(a, b)\n"
    assert fixed(shadowed, "get_peft_model", Spell()) is None


def test_class_bodies_are_not_seen_by_their_methods():
    text = (
        "class A:\n    from peft import PeftModel\n    def f(self):\n        get_peft_model(a, b)\n"
    )
    result = fixed(text, "get_peft_model", Spell())
    assert result == NEW + "\n" + text.replace("get_peft_model", "PeftModel")


def test_several_names_of_one_fix_share_an_edit():
    one = spelled("from peft import LoraConfig\n", USE, "peft.TaskType", "peft.A", "peft.TaskType")
    assert one.startswith("from peft import A, LoraConfig, PeftModel, TaskType\n")
    new = spelled("import a\n", USE, "peft.TaskType", "transformers.set_seed")
    assert new.startswith(
        "import a\nfrom peft import PeftModel, TaskType\nfrom transformers import set_seed\nm ="
    )
    lines = spelled("from peft import (\n    B,\n    Z,\n)\n", USE, "peft.A", "peft.Zz")
    assert lines.startswith(
        "from peft import (\n    A,\n    B,\n    PeftModel,\n    Z,\n    Zz,\n)\n"
    )


def test_a_statement_and_an_import_at_one_place_stay_in_order():
    class Both:
        def visit_Call(self, node, rewriting):
            name = rewriting.spelling("transformers.set_seed")
            rewriting.insert_before(rewriting.target, f"{name}(42)")

    result = fixed("import a\nmodel.generate(x)\n", "generate", Both())
    expected = "import a\nfrom transformers import set_seed\nset_seed(42)\nmodel.generate(x)\n"
    assert result == expected
