"""The model classes of transformers and their tasks, from the source of its auto classes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

# Auto classes that older releases have under another name.
FORMER_AUTO_CLASSES = {"AutoModelForVision2Seq": "ImageTextToText"}
# Where a class serves several tasks and its name does not say which, the first of these counts.
TASK_ORDER = ("Seq2SeqLM", "SpeechSeq2Seq", "ImageTextToText", "CausalLM", "MaskedLM")


def model_classes(models: Path) -> tuple[dict[str, list[str | None]], dict[str, str]]:
    """Return class -> [model type, task or None for a base model], and auto class -> task.

    `models` is the folder of that name in transformers.
    """
    source = (models / "auto" / "modeling_auto.py").read_text("utf-8")
    names: dict[str, ast.Call] = {}
    mappings: dict[str, str] = {}
    autos: dict[str, str] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target, value = ast.unparse(node.targets[0]), node.value
            if target.endswith("_NAMES"):
                names[target] = value
            elif ast.unparse(value.func) == "_LazyAutoMapping":
                mappings[target] = ast.unparse(value.args[1])
        elif isinstance(node, ast.ClassDef) and node.name.startswith("AutoModel"):
            for statement in node.body:
                if isinstance(statement, ast.Assign):
                    autos[node.name] = mappings[ast.unparse(statement.value)]
    tasks = {of: auto.removeprefix("AutoModelFor") for auto, of in autos.items()}
    tasks["MODEL_MAPPING_NAMES"] = "base"
    found: dict[str, list[tuple[str, str]]] = {}
    for table, task in tasks.items():
        for model_type, name in _rows(names, table):
            found.setdefault(name, []).append((model_type, task))
    # Folders that differ from their model type by more than the dashes.
    modules = auto_mapping(models, "SPECIAL_MODEL_TYPE_TO_MODULE_NAME")
    classes = {}
    for name, uses in sorted(found.items()):
        model_type = _defining_type(models, name, {use for use, _ in uses}, modules)
        classes[name] = [model_type, _task(name, [task for _, task in uses])]
    former = FORMER_AUTO_CLASSES.items()
    served = {a: tasks[of] for a, of in autos.items() if tasks[of] != "base"}
    return classes, dict(sorted([*served.items(), *former]))


def auto_mapping(models: Path, name: str) -> dict[str, str]:
    """Return the dictionary `name` of the auto classes, by model type."""
    found: dict[str, str] = {}
    # The second adds what the first, which is generated, leaves out.
    for name_of_file in ("auto_mappings.py", "configuration_auto.py"):
        file = models / "auto" / name_of_file
        for node in ast.parse(file.read_text("utf-8")).body if file.exists() else ():
            if not isinstance(node, ast.Assign | ast.Expr) or not isinstance(node.value, ast.Call):
                continue
            call = node.value
            target = node.targets[0] if isinstance(node, ast.Assign) else call.func
            if ast.unparse(target) in (name, f"{name}.update") and call.args:
                found |= dict(ast.literal_eval(call.args[0]))
    return found


def _rows(names: Mapping[str, ast.Call], table: str) -> Iterable[tuple[str, str]]:
    """Yield (model type, class) of one `..._NAMES = OrderedDict([...])`."""
    argument = names[table].args[0]
    assert isinstance(argument, ast.List)
    for element in argument.elts:
        if isinstance(element, ast.Starred):
            included = [
                n.id for n in ast.walk(element) if isinstance(n, ast.Name) and n.id in names
            ]
            for name in included:
                yield from _rows(names, name)
        else:
            model_type, value = ast.literal_eval(element)
            for name in value if isinstance(value, tuple | list) else (value,):
                yield model_type, name


def _defining_type(models: Path, name: str, types: set[str], modules: Mapping[str, str]) -> str:
    """Return, of the types that use a class, the one in whose folder the class stands."""
    if len(types) == 1:
        return next(iter(types))
    for model_type in sorted(types, key=lambda t: (len(t), t)):
        folder = models / modules.get(model_type, model_type.replace("-", "_"))
        for file in sorted(folder.glob("modeling_*.py")):
            if f"\nclass {name}(" in file.read_text("utf-8"):
                return model_type
    return min(types, key=lambda t: (len(t), t))


def _task(name: str, tasks: list[str]) -> str | None:
    """Return the task that a class is for, None for a base model."""
    generating = [task for task in TASK_ORDER if task in tasks]
    if "base" in tasks and "For" not in name:
        return generating[0] if generating else None
    named = [task for task in tasks if name.endswith(f"For{task}")]
    return next((task for task in [*named, *generating, *tasks] if task != "base"), None)
