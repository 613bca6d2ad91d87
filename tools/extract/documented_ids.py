"""The checkpoint ids that the documentation of each config class of transformers names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.extract.auto_classes import auto_mapping

# Documentation that names a checkpoint of another type, or one that does not exist.
WRONG_IDS = {
    "google/gemma2-7b",  # Google's own naming is google/gemma-2-9b
    "microsoft/trocr-base-handwritten",  # published as vision-encoder-decoder
    "naver-clova-ix/donut-base",  # likewise
    "ustc-community/dfine_x_coco",  # d_fine, cited for its backbone
    "THUDM/glm-4-9b-chat",  # chatglm, with code of its own
    "google/distilbert-base-uncased",  # published under distilbert/
}
# What the type of a part of a model adds to that of the whole.
_PART = re.compile(r"[-_](text|vision|audio|encoder|decoder|head|swin|tokenizer|qformer)(_model)?$")
# Documentation is prose: a checkpoint is what a link to the hub leads to, if it is no page.
_LINK = re.compile(r"https?://huggingface\.co/([\w.-]+/[\w.-]*\w)(?=[\s)\"'>`,/]|\.\s|\.?$)", re.M)
_PAGES = {"papers", "docs", "blog", "datasets", "spaces", "models", "transformers", "collections"}


def unambiguous_ids(models: Path) -> dict[str, str]:
    """Return checkpoint -> the only model type whose documentation names it.

    What only a part of a model names belongs to the whole, and is left out.
    """
    named: dict[str, set[str]] = {}
    for model_type, ids in documented_ids(models):
        for checkpoint in ids:
            named.setdefault(checkpoint, set()).add(model_type)
    types = {*auto_mapping(models, "CONFIG_MAPPING_NAMES")}
    parts = {name for name in types if _PART.search(name) and _PART.sub("", name) in types}
    return {
        checkpoint: min(of)
        for checkpoint, of in sorted(named.items())
        if len(of) == 1 and not of & parts and checkpoint not in WRONG_IDS
    }


def documented_ids(models: Path) -> Iterator[tuple[str, set[str]]]:
    """Yield each model type, and the checkpoints that its config class's documentation names."""
    # Parts of models have config classes of their own, some under the type of another model.
    known = {*auto_mapping(models, "CONFIG_MAPPING_NAMES").items()}
    for file in sorted(models.glob("*/configuration_*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                model_type = _model_type(node)
                if model_type is not None and (model_type, node.name) in known:
                    yield model_type, {*_checkpoints(node)}


def _model_type(node: ast.ClassDef) -> str | None:
    for statement in node.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if ast.unparse(targets[0]) == "model_type":
                return str(ast.literal_eval(statement.value))
    return None


def _checkpoints(node: ast.ClassDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            for keyword in decorator.keywords:
                # Backbones of another library have a name without an owner, composites have none.
                if keyword.arg == "checkpoint" and "/" in ast.literal_eval(keyword.value):
                    yield ast.literal_eval(keyword.value)
    for link in _LINK.findall(ast.get_docstring(node, clean=False) or ""):
        if link.partition("/")[0] not in _PAGES:
            yield link
