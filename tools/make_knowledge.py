"""Write the tables in peft_lint/knowledge/: from transformers' source, measured facts, and by hand.

    python tools/make_knowledge.py --transformers SITE_PACKAGES/transformers --facts FOLDER
    python tools/make_knowledge.py                     (only checkpoints.json, after an edit)

`--transformers` is a folder of the released package; its source is parsed, never imported.
`--facts` is a folder with what was measured by building every model of that release:

dropout.json  models -> model type -> "zero", "zero_in_the_body" (bool: no dropout-like default
              above 0, at all or outside heads), "nonzero" (config field -> value),
              "zero_or_unset" (config fields)
heads.json    task -> rows [model type, class, base-model prefix or "EXC", modules outside the
              base that hold parameters, those that the PEFT task type covers, those it does not,
              poolers inside the base]
modules.json  models -> model type -> "classes" -> class -> "heads" ("name (Class)"),
              "dropout_modules" (module -> probability)
families.json "unambiguous_ids": model type -> ids that only this type's documentation names
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLES = Path(__file__).resolve().parent.parent / "peft_lint" / "knowledge"

# Auto classes that older releases have under another name.
FORMER_AUTO_CLASSES = {"AutoModelForVision2Seq": "ImageTextToText"}
# Where a class serves several tasks and its name does not say which, the first of these counts.
TASK_ORDER = ("Seq2SeqLM", "SpeechSeq2Seq", "ImageTextToText", "CausalLM", "MaskedLM")
# Task names of heads.json.
HEAD_TASKS = {
    "SEQ_CLS": "SequenceClassification",
    "TOKEN_CLS": "TokenClassification",
    "QUESTION_ANS": "QuestionAnswering",
    "IMAGE_CLS": "ImageClassification",
    "AUDIO_CLS": "AudioClassification",
    "VIDEO_CLS": "VideoClassification",
    "MULTIPLE_CHOICE": "MultipleChoice",
    "SEM_SEG": "SemanticSegmentation",
    "OBJ_DET": "ObjectDetection",
}
# Parts of the body that a class holds under another name than its base model's.
BODY = {"shared", "encoder", "decoder", "vision_model", "text_model", "backbone", "embedder"}
# Documentation that names a checkpoint of another type, or one that does not exist.
WRONG_IDS = {
    "google/gemma2-7b",  # Google's own naming is google/gemma-2-9b
    "microsoft/trocr-base-handwritten",  # published as vision-encoder-decoder
    "naver-clova-ix/donut-base",  # likewise
    "ustc-community/dfine_x_coco",  # d_fine, cited for its backbone
    "THUDM/glm-4-9b-chat",  # chatglm, with code of its own
    "google/distilbert-base-uncased",  # published under distilbert/
}
# Types of a part of a model: an id that only such a type cites belongs to the whole.
PART = re.compile(r"[-_](text|vision|audio|encoder|decoder|head|swin|tokenizer|qformer)(_model)?$")


def main() -> None:
    """Write every table that the arguments allow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transformers", type=Path)
    parser.add_argument("--facts", type=Path)
    options = parser.parse_args()
    by_hand = tomllib.loads((TABLES / "checkpoints.toml").read_text("utf-8"))
    write("checkpoints.json", by_hand)
    if options.transformers and options.facts:
        facts = {p.stem: json.loads(p.read_text("utf-8")) for p in options.facts.glob("*.json")}
        classes, autos = model_classes(options.transformers / "models" / "auto")
        generic = generic_classes(options.transformers / "models")
        release = facts["dropout"]["transformers"]
        parsed = about(release, "the source of its auto classes, parsed")
        built = about(release, "every model built without weights, from its default config")
        varying = set(by_hand["varying_dropout"])
        write("classes.json", parsed | {"auto": autos, "models": classes})
        write("dropout.json", built | dropout(facts, classes, generic, varying))
        write("heads.json", built | heads(facts, classes))
        named = about(release, "the checkpoints that its documentation names")
        write("ids.json", named | ids(facts["families"]))


def about(release: str, how: str) -> dict[str, Any]:
    """Return how a table was made, and from which release of transformers."""
    made = f"tools/make_knowledge.py: {how}"
    return {"about": {"library": "transformers", "made": made, "releases": [release]}}


def write(name: str, table: Mapping[str, Any]) -> None:
    """Write one table, one entry a line, so that a change shows as a change."""
    parts = []
    for key, value in table.items():
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        lines = (
            (f"  {json.dumps(entry)}: " if isinstance(value, dict) else "  ") + json.dumps(content)
            for entry, content in entries
        )
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        parts.append(f" {json.dumps(key)}: {opening}\n" + ",\n".join(lines) + f"\n {closing}")
    (TABLES / name).write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")


def model_classes(folder: Path) -> tuple[dict[str, list[str | None]], dict[str, str]]:
    """Return class -> [model type, task or None for a base model], and auto class -> task."""
    source = (folder / "modeling_auto.py").read_text("utf-8")
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
    special = (folder / "auto_mappings.py").read_text("utf-8")
    modules = _modules(ast.parse(special))
    classes = {}
    for name, uses in sorted(found.items()):
        model_type = _defining_type(folder.parent, name, {use for use, _ in uses}, modules)
        classes[name] = [model_type, _task(name, [task for _, task in uses])]
    former = FORMER_AUTO_CLASSES.items()
    served = {a: tasks[of] for a, of in autos.items() if tasks[of] != "base"}
    return classes, dict(sorted([*served.items(), *former]))


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


def _modules(tree: ast.Module) -> dict[str, str]:
    """Return model type -> folder, where they differ by more than the dashes."""
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.targets[0]) == "SPECIAL_MODEL_TYPE_TO_MODULE_NAME"
        ):
            return dict(ast.literal_eval(node.value.args[0]))
    raise SystemExit("auto_mappings.py has no SPECIAL_MODEL_TYPE_TO_MODULE_NAME")


def _defining_type(root: Path, name: str, types: set[str], modules: Mapping[str, str]) -> str:
    """Return, of the types that use a class, the one in whose folder the class stands."""
    if len(types) == 1:
        return next(iter(types))
    for model_type in sorted(types, key=lambda t: (len(t), t)):
        folder = root / modules.get(model_type, model_type.replace("-", "_"))
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


def generic_classes(folder: Path) -> dict[str, str]:
    """Return class -> the generic class of transformers that gives it its whole head."""
    found = {}
    for file in folder.glob("*/modeling_*.py"):
        text = file.read_text("utf-8")
        for match in re.finditer(r"(?m)^class (\w+)\(GenericFor(\w+),", text):
            found[match[1]] = match[2]
    return found


def dropout(
    facts: Mapping[str, Any],
    classes: Mapping[str, list[str | None]],
    generic: Mapping[str, str],
    varying: set[str],
) -> dict[str, Any]:
    """Return which types drop something out by default: in the body, and in which classes.

    A type whose only dropout is in a part that other configs choose is in neither table,
    nor is one whose well-known checkpoints differ from the default.
    """
    measured = facts["modules"]["models"]
    heads: dict[str, dict[str, bool]] = {}
    for name, (model_type, task) in classes.items():
        config = facts["dropout"]["models"].get(model_type)
        if config is None or task is None:
            continue
        rows = measured.get(model_type, {}).get("classes", {})
        if name in rows:
            heads.setdefault(model_type, {})[task] = any(rows[name]["dropout_modules"].values())
        elif generic.get(name) in ("SequenceClassification", "QuestionAnswering"):
            heads.setdefault(model_type, {})[task] = False
        elif generic.get(name) == "TokenClassification":
            fields = {"classifier_dropout", "hidden_dropout"}
            # Without either field the generic class drops out 0.1 of its own accord.
            if "classifier_dropout" in config["nonzero"] or not fields & {*config["zero_or_unset"]}:
                heads.setdefault(model_type, {})[task] = True
    zero, nonzero = {}, []
    for model_type, config in sorted(facts["dropout"]["models"].items()):
        if config["zero_in_the_body"] and model_type not in varying:
            zero[model_type] = dict(sorted(heads.get(model_type, {}).items()))
        elif not config["zero_in_the_body"] and (
            model_type in measured or any("." not in field for field in config["nonzero"])
        ):
            nonzero.append(model_type)
    return {"nonzero": nonzero, "zero": zero}


def heads(facts: Mapping[str, Any], classes: Mapping[str, list[str | None]]) -> dict[str, Any]:
    """Return task -> model type -> [head modules, poolers in the base that the class has]."""
    found: dict[str, dict[str, list[list[str]]]] = {task: {} for task in HEAD_TASKS.values()}
    found["CTC"] = {}
    for label, rows in facts["heads"].items():
        of_task = found[HEAD_TASKS[label.split("(")[0]]]
        for model_type, _, prefix, modules, _, _, poolers in rows:
            outside = _heads_only(modules)
            inside = [module for module in poolers if "pool" in module.rpartition(".")[2]]
            if prefix != "EXC" and outside and model_type not in of_task:
                of_task[model_type] = [outside, inside]
    for model_type, entry in facts["modules"]["models"].items():
        for name, row in entry.get("classes", {}).items():
            task = classes.get(name, [None, None])[1]
            modules = _heads_only([head.split(" ")[0] for head in row["heads"]])
            if task in found and modules:
                found[task].setdefault(model_type, [modules, []])
    return {task: dict(sorted(rows.items())) for task, rows in found.items()}


def _heads_only(modules: list[str]) -> list[str]:
    """Return the modules that are no part of the body; a decoder without its encoder is a head."""
    body = BODY if "encoder" in modules else BODY - {"decoder"}
    return [module for module in modules if module not in body]


def ids(families: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checkpoint ids that the documentation of exactly one model type names."""
    found = {
        checkpoint: model_type
        for model_type, named in families["unambiguous_ids"].items()
        for checkpoint in named
        if checkpoint not in WRONG_IDS and not PART.search(model_type)
    }
    return {"ids": dict(sorted(found.items()))}


if __name__ == "__main__":
    main()
