"""What one built model class shows of its heads and its dropout, and the tables made of that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import transformers
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from tools.extract.module_names import kind_of

# Tasks whose heads are worth knowing: those that start from random weights.
HEAD_TASKS = (
    *("SequenceClassification", "TokenClassification", "QuestionAnswering"),
    *("ImageClassification", "AudioClassification", "VideoClassification", "MultipleChoice"),
    *("SemanticSegmentation", "ObjectDetection", "CTC"),
)
# What holds the body in families without a base model.
BODIES = {"backbone", "encoder"}
# Config fields that say what a head drops out, not the body.
HEAD_FIELDS = {
    *("classifier_dropout", "classifier_dropout_prob", "classifier_dropout_rate"),
    *("semantic_classifier_dropout", "summary_first_dropout", "summary_last_dropout"),
    *("qa_dropout", "seq_classif_dropout", "head_dropout"),
}
# Shares of what is masked in training.
MASKS = {"mask_time_prob", "mask_feature_prob"}


class Built(NamedTuple):
    """What a class shows: its children with parameters, its poolers, and its dropout.

    `base` is the child that holds the base model, None where the class has none. `dropout` says
    whether a module drops something out in train mode. `linear` are the linear layers outside
    the base that are no items of lists, `batch_norms` the layers that keep running statistics,
    without the numbers in their names.
    """

    family: str
    task: str | None
    base: str | None
    children: tuple[str, ...]
    poolers: tuple[str, ...]
    dropout: bool
    linear: tuple[str, ...] = ()
    batch_norms: tuple[str, ...] = ()


def look_at(model: nn.Module, family: str, task: str | None) -> Built:
    """Return what a built model shows."""
    children = tuple(
        name for name, child in model.named_children() if next(child.parameters(), None) is not None
    )
    prefix = getattr(model, "base_model_prefix", "")
    base = prefix if prefix in children else None
    poolers = tuple(
        name
        for name, module in model.named_modules()
        if base is not None
        and name.startswith(f"{base}.")
        and "pool" in name.rpartition(".")[2]
        and "pool" not in name.rpartition(".")[0]
        and next(module.parameters(), None) is not None
    )
    linear = tuple(
        name
        for name, module in model.named_modules()
        if kind_of(module) == "linear" and name.partition(".")[0] != base
        if not any(word.isdigit() for word in name.split("."))
    )
    statistics = {
        ".".join(word for word in name.split(".") if not word.isdigit())
        for name, module in model.named_modules()
        if isinstance(module, _BatchNorm) and module.track_running_stats
    }
    norms = tuple(sorted(statistics))
    dropping = any(_drops_out(module) for module in model.modules())
    return Built(family, task, base, children, poolers, dropping, linear, norms)


def _drops_out(module: nn.Module) -> bool:
    if "drop" not in type(module).__name__.lower():
        return False
    return _share(getattr(module, "p", getattr(module, "drop_prob", None)))


def heads(found: Iterable[Built]) -> dict[str, dict[str, list[list[str]]]]:
    """Return task -> family -> [head modules, poolers in the base, linear layers of the head].

    What stands beside the base model is a head. A class without one has the parts of the base
    model itself, and what is called as one of these is none.
    """
    built = [*found]
    bodies: dict[str, set[str]] = {}
    for one in built:
        if one.task is None:
            bodies.setdefault(one.family, set()).update(one.children)
    table: dict[str, dict[str, list[list[str]]]] = {task: {} for task in HEAD_TASKS}
    for one in built:
        if one.task in table:
            body = {one.base} if one.base else bodies.get(one.family, BODIES)
            modules = [name for name in one.children if name not in body]
            if modules:
                linear = [name for name in one.linear if name.partition(".")[0] in modules]
                table[one.task].setdefault(one.family, [modules, [*one.poolers], linear])
    return {task: dict(sorted(rows.items())) for task, rows in table.items()}


def batch_norms(found: Iterable[Built]) -> dict[str, dict[str, str]]:
    """Return task -> family -> the layers with running statistics, joined by blanks."""
    table: dict[str, dict[str, str]] = {task: {} for task in HEAD_TASKS}
    for one in found:
        if one.task in table and one.batch_norms:
            table[one.task].setdefault(one.family, " ".join(one.batch_norms))
    return {task: dict(sorted(rows.items())) for task, rows in table.items() if rows}


def dropout(
    found: Iterable[Built], configs: Mapping[str, Any], varying: Iterable[str]
) -> dict[str, bool | dict[str, bool]]:
    """Return family -> True where the body drops something out by default, else task -> whether.

    Many models drop out in functions, where only the config shows it; others have modules
    with a share of their own. A family has no row where the only dropout is in a part that
    other configs choose, or where well-known checkpoints differ from the default.
    """
    classes: dict[str, dict[str | None, bool]] = {}
    for one in found:
        tasks = classes.setdefault(one.family, {})
        tasks[one.task] = tasks.get(one.task, False) or one.dropout
    table: dict[str, bool | dict[str, bool]] = {}
    for family, config in sorted(configs.items()):
        fields = {*dropping_fields(config)}
        tasks = classes.get(family, {})
        if any(not chosen for _, chosen in fields):
            table[family] = True
        elif not fields and not tasks.get(None) and family not in varying:
            named = {task: drops for task, drops in tasks.items() if task is not None}
            table[family] = dict(sorted(named.items()))
    return table


def dropping_fields(config: Any, chosen: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield the fields by which a body drops something out, and whether another config has them.

    That is one that could as well be of another type: the text model of a vision model.
    """
    parts = {*chosen_parts(config)}
    for name, value in vars(config).items():
        if isinstance(value, transformers.PretrainedConfig):
            yield from dropping_fields(value, chosen or name in parts)
        elif name in MASKS and not getattr(config, "apply_spec_augment", True):
            continue
        elif ("drop" in name or name in MASKS) and name not in HEAD_FIELDS and _share(value):
            yield name, chosen


def chosen_parts(config: Any) -> Iterator[str]:
    """Yield the fields that hold the config of a part, which can be of any family."""
    auto, fixed = transformers.AutoConfig, type(config).sub_configs
    for name in {*fixed, *vars(config)}:
        value = vars(config).get(name)
        is_part = name in fixed or isinstance(value, transformers.PretrainedConfig)
        if is_part and fixed.get(name, auto) is auto:
            yield name


def _share(value: object) -> bool:
    """Return whether a value is a share above zero, or a list of shares with such a one."""
    if isinstance(value, list | tuple):
        return any(_share(one) for one in value)
    return isinstance(value, float | int) and not isinstance(value, bool) and value > 0
