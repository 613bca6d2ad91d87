"""What the tools read from released source: small packages of our making, then the real result."""

import json
from pathlib import Path

import pytest

from tools.extract import history, peft_api, timelines, training_api
from tools.extract.definitions import Field, choices, parameters
from tools.extract.keywords import keywords
from tools.extract.mappings import mappings
from tools.extract.source import Package


def package(**files):
    """Return a package `peft`; `a__b="..."` is the module peft/a/b.py, INIT an `__init__`."""
    root = {"peft/__init__.py": files.pop("root", "")}
    paths = {name.replace("__", "/").replace("INIT", "__init__"): name for name in files}
    return Package("peft", root | {f"peft/{p}.py": files[name] for p, name in paths.items()})


# -- names ------------------------------------------------------------------------------------


def test_names_that_can_be_imported():
    found = package(
        root="from .a import *\nfrom .b import Y as Z\nimport torch\nfrom torch import nn\n",
        a="__all__ = ['X']\nclass X: ...\nclass Hidden: ...\n",
        b="""
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from .a import Hidden
try:
    from peft.a import X
except ImportError:
    X = None
first, (second, third) = 1, (2, 3)
class Y: ...
def __getattr__(name):
    if name == 'Lazy':
        from .a import Lazy
        return Lazy
    if name == 'OLD':
        return 1
""",
    )
    assert set(found.names("peft")) == {"X", "Z"}
    assert set(found.names("peft.b")) == {"X", "Y", "Lazy", "OLD", "first", "second", "third"}
    assert found.origin("peft", "Z")[:2] == ("peft.b", "Y")
    assert found.origin("peft.b", "nn") is None


def test_packages_that_import_lazily_say_so_to_type_checkers():
    files = {
        "trl/__init__.py": "if TYPE_CHECKING:\n    from .trainer import SFTTrainer\n",
        "trl/trainer.py": "class SFTTrainer(Trainer):\n    def __init__(self, model): ...\n",
    }
    assert not Package("trl", files).names("trl")
    assert set(Package("trl", files, typing=True).names("trl")) == {"SFTTrainer"}


def test_stars_that_import_each_other_end():
    found = package(a="from .b import *\nX = 1\n", b="from .a import *\n")
    assert set(found.names("peft.b")) == {"X"}


# -- config classes ---------------------------------------------------------------------------

CONFIGS = """
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Optional
@dataclass
class PeftConfig:
    task_type: Optional[str] = field(default=None, metadata={})
    r: int = 1
@dataclass
class LoraConfig(PeftConfig):
    count: ClassVar[int] = 0
    r: "int" = 8
    bias: Literal["none", "all"] = field(default="none")
    pattern: dict = field(default_factory=lambda: {"a": 1})
    names: list = field(default_factory=list)
    hidden: bool = field(default=False, init=False)
    needed: str
class Derived(LoraConfig):
    extra: int = 3
class Plain:
    x: int = 1
"""


def test_fields_with_those_of_the_bases():
    found = package(a=CONFIGS)
    fields = found.fields(*found.class_named("peft.a", "Derived"))
    assert fields == {
        "task_type": Field("Optional[str]", "None", True),
        "r": Field("int", "8", True),
        "bias": Field("Literal['none', 'all']", "'none'", True),
        "pattern": Field("dict", "{'a': 1}", True),
        "names": Field("list", "list()", True),
        "hidden": Field("bool", "False", False),
        "needed": Field("str", None, True),
    }
    assert found.fields(*found.class_named("peft.a", "Plain")) is None


def test_choices():
    assert choices("bool | Literal['a', 'b']") == ["a", "b"]
    assert choices("Optional[typing.Literal[True, 'x']]") == [True, "x"]
    assert choices("dict[str, int]") == []


def test_parameters():
    found = package(a="def f(a, b=1, /, *, c, d=None, **rest): ...\ndef g(*args, x): ...\n")
    nodes = {name: found.names("peft.a")[name] for name in "fg"}
    assert parameters(nodes["f"]) == ["a", "b=1", "*", "c", "d=None", "**rest"]
    assert parameters(nodes["g"]) == ["*args", "x"]


# -- keywords ---------------------------------------------------------------------------------

LOADING = """
class PushToHub:
    def helper(self, path, kwargs):
        return kwargs.get("inner")
class PeftModel(PushToHub):
    def save_pretrained(self, path, **kwargs):
        def inside(config, kwargs):
            return self.helper(path, kwargs)
        inside(1, kwargs)
        state = kwargs.get("state_dict")
        kwargs["written"] = 1
    def from_pretrained(cls, model, path, config=None, **kwargs):
        if "adapters" in kwargs:
            config.adapters = kwargs["adapters"]
        model.load_adapter(path, "default", is_trainable=True, **kwargs)
    def load_adapter(self, path, name, is_trainable=False, device=None, **kwargs):
        hub, kwargs = self._split_kwargs(kwargs)
        memory = kwargs.pop("max_memory", None)
    def _split_kwargs(cls, kwargs):
        more = ("use_auth_token",)
class PeftConfig:
    def from_pretrained(cls, path, **kwargs):
        kwargs = {**kwargs}
        kwargs["later"]
        return kwargs["never"]
    def save_pretrained(self, path):
        ...
"""


def test_keywords_that_have_an_effect():
    found = keywords(package(peft_model=LOADING, root="from .peft_model import PeftConfig"))
    assert found == {
        "PeftModel.save_pretrained": ["inner", "state_dict"],
        "PeftModel.load_adapter": ["max_memory", "use_auth_token", "@hub"],
        "PeftModel.from_pretrained": ["adapters", "device", "max_memory", "use_auth_token", "@hub"],
        # Copied as a whole: what becomes of them is not known.
        "PeftConfig.from_pretrained": ["@any"],
    }


def test_mappings():
    a, b = (f"TRANSFORMERS_MODELS_TO_{n}_TARGET_MODULES_MAPPING" for n in "AB")
    text = f"{a} = {{'llama': ['q_proj']}}\n{b} = {a}.copy()\n{b}['vit'] = ['query']\n"
    found = mappings(package(utils__constants=text + f"{b}.update({{'opt': ['v']}})\n"))
    assert found == {
        a: {"llama": ["q_proj"]},
        b: {"llama": ["q_proj"], "vit": ["query"], "opt": ["v"]},
    }


# -- timelines --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("present", "span"),
    [("111", "1"), ("011", "2"), ("110", "1..2"), ("010", "2..2"), ("101", "1..1, 3")],
)
def test_spans(present, span):
    assert timelines.span(["1", "2", "3"], [flag == "1" for flag in present]) == span


def test_histories():
    assert timelines.history({"1": "a", "2": "a"}) == "a"
    assert timelines.history({"2": None, "3": "b", "4": "b", "5": None}) == {
        "2": None,
        "3": "b",
        "5": None,
    }
    rows = timelines.field_rows(
        {"1": {}, "2": {"r": Field("int", "8", True)}, "3": {"r": Field("int", "0", True)}}
    )
    assert rows == {"r": {"in": "2", "type": "int", "default": {"2": "8", "3": "0"}}}


def test_a_moved_name_has_the_home_of_its_own_definition():
    old = package(
        lora__layer="class Linear: ...\n",
        lora__model="from .layer import Linear, Gone, helper\n",
        lora__old="class Moved: ...\nclass Twice: ...\n",
        other__layer="class Linear: ...\n",
    )
    new = package(
        root="from .lora import Moved\n",
        lora__INIT="from .layer import Linear\nfrom .new import Moved\n",
        lora__layer="class Linear: ...\n",
        lora__new="class Moved: ...\nclass Twice: ...\n",
        lora__model="",
        other__layer="class Linear: ...\nclass Twice: ...\n",
    )
    found = {"1": peft_api.read(old), "2": peft_api.read(new)}
    assert peft_api.tables(found)["peft_names"]["homes"] == {
        "peft.lora.model": {"Linear": "peft.lora"},
        "peft.lora.old": {"Moved": "peft"},
    }


# -- transformers and trl ---------------------------------------------------------------------


def test_exports_of_transformers():
    files = {
        "transformers/__init__.py": """
from .utils.import_utils import define_import_structure
_import_structure = {"trainer": ["Trainer"], "utils": []}
_import_structure["models.bert"] = ["BertModel"]
_import_structure["models.bert"].append("BertConfig")
if TYPE_CHECKING:
    from .trainer import Trainer
""",
        "transformers/models/bert/modeling_bert.py": "x = 1\n__all__ = [\n    'BertNew',\n]\n",
        "transformers/other.py": "__all__ = ['NotHere']\n",
        "transformers/training_args.py": "@dataclass\nclass TrainingArguments:\n    lr: int = 1\n",
    }
    found = training_api.read_transformers(Package("transformers", files, typing=True))
    assert found.exports == {"Trainer", "BertModel", "BertConfig", "BertNew"}
    assert found.fields == {"TrainingArguments": {"lr": Field("int", "1", True)}}


def test_configs_and_trainers_of_trl():
    files = {
        "trl/__init__.py": "from .all import SFTConfig, SFTTrainer, PPOConfig, helper\n",
        "trl/all.py": """
@dataclass
class Base(TrainingArguments):
    shared: int = 1
@dataclass
class SFTConfig(Base):
    packing: bool = False
class PPOConfig:
    def __init__(self, steps=1): ...
class SFTTrainer(Trainer):
    def __init__(self, model, args=None): ...
def helper(): ...
""",
    }
    found = training_api.read_trl(Package("trl", files, typing=True))
    assert found.exports == {"SFTConfig", "SFTTrainer", "PPOConfig", "helper"}
    assert set(found.fields["SFTConfig"]) == {"shared", "packing"}
    assert found.extends == {"SFTConfig": ["TrainingArguments"]}
    assert found.calls == {
        "PPOConfig.__init__": ["self", "steps=1"],
        "SFTTrainer.__init__": ["self", "model", "args=None"],
    }


# -- the comparison with an independent extraction ---------------------------------------------

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "peft_history.json").read_text("utf-8"))


def test_every_recorded_difference_is_still_what_the_tables_say():
    rows = {row["what"]: row for row in RECORDED["differences"]}
    assert len(rows) == len(RECORDED["differences"])
    moved = [row["what"].split() for row in rows.values() if row["what"].startswith("from ")]
    names = json.loads((timelines.TABLES / "peft_names.json").read_text("utf-8"))
    for _, module, _, name in moved:
        span = next(s for s, n in names["imports"][module].items() if name in n.split())
        assert span == rows[f"from {module} import {name}"]["ours"]
    homes = [row for row in rows.values() if row["what"].startswith("home of ")]
    for row in homes:
        _, _, _, module, _, name = row["what"].split()
        assert names["homes"].get(module, {}).get(name) == row["ours"]
    assert all(row["why"] and row["ours"] != row["theirs"] for row in rows.values())
    assert RECORDED["compared"] > 4500 > 100 > len(rows)


def other(**changed):
    """Return what an extraction says that knows one fact of each kind."""
    lora = {"r": {"first": "0.0.1", "last": "0.21.2", "anns": [], "defaults": []}}
    signature = {"first": "0.1.0", "last": "0.21.2", "sig": [["model", None]]}
    lines = {
        "order": ["0.21.2"],
        "exports": {"LoraConfig": ["0.0.1", "0.21.2"]},
        "modules": {"peft.auto": ["0.4.0", "0.21.2"]},
        "utils": {"CONFIG_NAME": ["0.1.0", "0.21.2"]},
        "pefttype": {"BONE": ["0.14.0", "0.18.1"]},
        "tasktype": {},
        "config_fields": {"LoraConfig": lora},
        "signatures": {"get_peft_model": [signature]},
    }
    return {"timelines": lines | changed, "per_release": {"0.21.2": {"maps": {}}}}


def test_the_comparison_sees_what_differs():
    moved = [["0.1.0", "0.14.0", "peft.mapping", "PeftModel", "peft"]]
    what = {row[0]: row for row in history.compare(other(), moved).differences}
    for same in ("export LoraConfig", "module peft.auto", "PeftType BONE", "LoraConfig.r"):
        assert same not in what
    assert not {w for w in what if w.endswith("from peft.mapping import PeftModel")}
    assert what["type of LoraConfig.r"] == ("type of LoraConfig.r", [["0.0.1", "int"]], [])
    assert what["TaskType SEQ_CLS"][1:] == ("0.0.1", None)
    assert "parameters of get_peft_model()" in what
    wrong = other(exports={"LoraConfig": ["0.1.0", "0.21.2"], "Nothing": ["0.1.0", "0.2.0"]})
    what = {row[0]: row[1:] for row in history.compare(wrong, []).differences}
    assert what["export LoraConfig"] == ("0.0.1", "0.1.0")
    assert what["export Nothing"] == (None, "0.1.0..0.2.0")
    assert what["from peft.mapping import PeftModel"] == ("0.1.0..0.14.0", None)
