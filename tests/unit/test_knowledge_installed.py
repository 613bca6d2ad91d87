"""The shipped tables against the installed libraries, imported and looked at.

A failure lists what is out of date; `make knowledge` brings it up to date.
"""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import warnings
from importlib.metadata import version
from pathlib import Path

import peft
import peft.tuners.lora.config
import pytest
import transformers
import trl
import trl.experimental
from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

from peft_lint import knowledge
from peft_lint.knowledge import calls, configs, modules
from peft_lint.knowledge.tables import table
from peft_lint.knowledge.timelines import grouped, span_end
from tests.unit.test_knowledge import built
from tools.extract.built_facts import dropout, heads, look_at
from tools.extract.documented_ids import unambiguous_ids

INSTALLED = {library: version(library) for library in ("peft", "transformers", "trl")}
# Import these only where optional packages are installed.
NEEDS_PILLOW = {"PilBackend", "VideoProcessorMixin"}
OPTIONAL = {"aqlm", "awq", "eetq", "gptq", "hqq", "inc", "te", "torchao", "tp_layer", "corda"}


@pytest.mark.parametrize("library", list(INSTALLED))
def test_the_installed_release_is_covered(library):
    for name in (f"{library}_names", configs.TABLES[library], calls.TABLES[library]):
        assert INSTALLED[library] in table(name)["about"]["releases"], f"{name} is out of date"


def is_exported(library, name):
    """Return whether the newest known release, the installed one, exports a name by the table."""
    span = grouped(table(f"{library}_names")["exports"], name)
    return span is not None and span_end(span) is None


def differing(library, classes, **others):
    """Return what the tables say otherwise of the fields of the given dataclasses."""
    found = []
    for cls in classes:
        fields = configs.fields(library, cls.__name__, INSTALLED[library], **others)
        real = {field.name: field for field in dataclasses.fields(cls)}
        if fields is None or {*fields} != {*real}:
            found.append(f"{cls.__name__}: {sorted({*(fields or ())} ^ {*real})}")
            continue
        for name, field in real.items():
            optional = (
                field.default is not dataclasses.MISSING
                or field.default_factory is not dataclasses.MISSING
            )
            if (fields[name].default is not None) != optional or fields[name].init != field.init:
                found.append(f"{cls.__name__}.{name}")
            elif field.default not in (
                dataclasses.MISSING,
                literal(fields[name].default, field.default),
            ):
                found.append(f"{cls.__name__}.{name} = {fields[name].default}")
    return found


def literal(text, otherwise):
    """Return the value of a literal; names and calculations stand for what only they know."""
    try:
        return ast.literal_eval(text or "")
    except (ValueError, SyntaxError):
        return otherwise


def test_configs_of_peft():
    classes = {*PEFT_TYPE_TO_CONFIG_MAPPING.values(), peft.PeftConfig, peft.PromptLearningConfig}
    classes |= {
        value
        for value in vars(peft.tuners.lora.config).values()
        if dataclasses.is_dataclass(value) and value.__name__.endswith("Config")
    }
    assert len(classes) > 50
    assert differing("peft", classes) == []


def test_configs_of_transformers_and_trl():
    ours = (transformers.TrainingArguments, transformers.Seq2SeqTrainingArguments)
    assert differing("transformers", ours) == []
    every = [getattr(trl, name) for name in dir(trl) if name.endswith(("Config", "Arguments"))]
    every = [cls for cls in every if dataclasses.is_dataclass(cls)]
    assert len(every) > 8
    assert differing("trl", every, transformers=INSTALLED["transformers"]) == []


def test_what_trl_calls_experimental():
    parts = pkgutil.iter_modules(trl.experimental.__path__, "trl.experimental.")
    packages = [importlib.import_module(part.name) for part in parts if part.ispkg]
    offered = {
        f"{package.__name__.removeprefix('trl.')}.{name}": getattr(package, name)
        for package in packages
        for name in getattr(package, "__all__", ())
    }
    assert len(offered) >= 30
    wrong = [name for name in offered if not is_exported("trl", name)]
    for name, cls in offered.items():
        if name.endswith("Config") and dataclasses.is_dataclass(cls):
            fields = configs.fields("trl", name, INSTALLED["trl"], INSTALLED["transformers"])
            if {*(fields or ())} != {field.name for field in dataclasses.fields(cls)}:
                wrong.append(name)
    assert wrong == [], "trl_experimental and trl_names are out of date"


def test_enums_of_peft():
    for enum in (peft.PeftType, peft.TaskType):
        assert configs.members(enum.__name__, INSTALLED["peft"]) == {member.name for member in enum}


def test_exports():
    real = {
        "transformers": {*transformers._class_to_module},
        "trl": {*trl._class_to_module},
        "peft": {*peft.__all__},
    }
    for library, offered in real.items():
        wrong = [
            name
            for name in sorted(offered)
            if not name.startswith("_")
            and name != "DummyObject"  # what missing packages are replaced by
            and not is_exported(library, name)
        ]
        assert wrong == [], f"{library}_names is out of date"
        package = importlib.import_module(library)
        rows = table(f"{library}_names")["exports"].items()
        listed = {n for span, text in rows if span_end(span) is None for n in text.split()}
        listed -= {name for name in listed if "." in name}
        assert sorted(listed - {*dir(package)} - NEEDS_PILLOW) == [], f"{library}_names"


def test_every_import_of_peft_works():
    wrong = []
    rows = table("peft_names")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module, row in rows["imports"].items():
            parts = {*module.split(".")}
            listed = [n for s, text in row.items() if span_end(s) is None for n in text.split()]
            if listed and not parts & OPTIONAL:
                found = importlib.import_module(module)
                wrong += [f"{module}.{n}" for n in listed if not hasattr(found, n)]
        homes = [(home, n) for r in rows["homes"].values() for n, home in r.items()]
        for home, name in homes:
            if not hasattr(importlib.import_module(home), name):
                wrong.append(f"home {home}.{name}")
    assert [name for name in wrong if name != "peft.tuners.lora.EetqLoraLinear"] == []


def test_parameters():
    wrong = []
    for library, package in (("peft", peft), ("transformers", transformers), ("trl", trl)):
        for call in table(calls.TABLES[library])["calls"]:
            owner, _, method = call.rpartition(".")
            found = calls.parameters(library, call, INSTALLED[library])
            target = getattr(package, owner or call, None)
            if owner and target is not None:
                target = getattr(target, method, None)
            if found is None or not inspect.isroutine(target):
                continue
            real = list(inspect.signature(target).parameters)
            # An unbound method shows its `self`, a class method no `cls`.
            real = real[1:] if real[:1] == ["self"] else real
            if real != [parameter.name for parameter in found]:
                wrong.append(call)
    assert wrong == []


@pytest.mark.parametrize(
    ("family", "task"),
    [("llama", "CausalLM"), ("gpt2", "CausalLM"), ("t5", "Seq2SeqLM"), ("bert", "MaskedLM")],
)
def test_modules_of_built_models(family, task):
    model = built(family, task)
    for name, module in model.named_modules():
        if name and next(module.parameters(), None) is not None:
            last = name.rpartition(".")[2]
            known = modules.has_module(family, last, INSTALLED["transformers"])
            assert known is True or last.isdigit(), name
    embedding = model.get_input_embeddings().weight
    model.tie_weights()
    assert modules.tied(family) is (model.get_output_embeddings().weight is embedding)


def test_model_classes():
    autos = {name for name in dir(transformers) if name.startswith("AutoModelFor")}
    assert {name for name in autos if knowledge.auto_task(name) is None} == set()
    used = [getattr(transformers, name)._model_mapping for name in [*autos, "AutoModel"]]
    listed = {
        name
        for mapping in used
        for value in mapping._model_mapping.values()
        for name in (value if isinstance(value, list | tuple) else (value,))
    }
    assert len(listed) > 1500
    assert sorted(listed ^ {*table("classes")["models"]}) == [], "classes is out of date"


@pytest.mark.parametrize("task", ["SequenceClassification", "TokenClassification", None])
@pytest.mark.parametrize("family", ["bert", "llama", "t5", "electra", "gpt_neox"])
def test_heads_and_dropout_of_built_models(family, task):
    shown = look_at(built(family, task), family, task)
    base = look_at(built(family, None), family, None)
    if task:
        row = heads([base, shown])[task][family]
        assert knowledge.heads(family, task) == (*map(tuple, row),)
    config = transformers.AutoConfig.for_model(family)
    drops = dropout([base, shown], {family: config}, ())[family]
    expected = drops if isinstance(drops, bool) else drops.get(task, False)
    assert knowledge.dropout(family, task) is expected


def test_checkpoint_ids():
    models = Path(transformers.__file__).parent / "models"
    assert unambiguous_ids(models) == table("ids")["ids"], "ids is out of date"
