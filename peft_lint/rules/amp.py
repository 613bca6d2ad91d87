"""Where a document trains under fp16 AMP, with a scaler that unscales what an optimizer holds."""

from __future__ import annotations

import ast

from peft_lint.document import Document
from peft_lint.events import Trained
from peft_lint.interpreter.conditions import known_truth
from peft_lint.interpreter.objects import (
    Arguments,
    Node,
    Optimizer,
    Tool,
    Trainer,
    above_zero,
)
from peft_lint.interpreter.values import ClassValue, Items, Value, literal
from peft_lint.names import method_of
from peft_lint.rules.trainers import (
    has_library_callbacks,
    has_optimizer,
    maker,
    own_classes,
    spelled,
)
from peft_lint.scene import Scene

# Trainers that leave the dtype of a model without quantisation alone, as was seen.
_TRAINERS = ("Trainer", "Seq2SeqTrainer", "SFTTrainer", "RewardTrainer", "DPOTrainer")
# With these there is no such scaler, or another one.
_OTHER_WAYS = frozenset(
    "deepspeed fsdp fsdp_config use_cpu no_cuda half_precision_backend fp16_backend "
    "accelerator_config parallelism_config cpu deepspeed_plugin deepspeed_plugins fsdp_plugin "
    "megatron_lm_plugin torch_tp_plugin".split()
)
# What a trainer of the project may define without stepping by itself.
_HARMLESS = frozenset({"__init__", "compute_loss", "evaluate", "log", "prediction_step"})
# The most positional arguments of a GradScaler before `enabled`.
_BEFORE_ENABLED = 4
# DeepSpeed and FSDP bring a dtype and a scaler of their own; some replace the method that raises.
_OTHER_SCALERS = ("deepspeed", "fsdp", "_unscale_grads_")


def scales_otherwise(scene: Scene) -> bool:
    """Return whether the text knows of a scaler that takes float16 gradients."""
    text = scene.document.text.lower()
    return any(word in text for word in _OTHER_SCALERS)


def unscales(optimizer: Optimizer) -> bool:
    """Return whether a scaler's step of an optimizer unscales; a fused one does that itself."""
    words = optimizer.node.keywords
    fused = (word.value for word in words if word.arg in (None, "fused"))
    return all(isinstance(value, ast.Constant) and not value.value for value in fused)


def takes_all(optimizer: Optimizer, document: Document) -> bool:
    """Return whether an optimizer gets every parameter that can be trained, picked by no name."""
    named = [word.value for word in optimizer.node.keywords if word.arg == "params"]
    given = [*named, *optimizer.node.args][:1]
    if given and isinstance(given[0], ast.Name):
        name = given[0].id
        stores = (node for node in document.nodes if isinstance(node, ast.Assign))
        given = [one.value for one in stores if name in (getattr(t, "id", "") for t in one.targets)]
    return bool(given) and all(map(_are_all, given))


def _are_all(node: ast.expr) -> bool:
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        tests = [test for one in node.generators for test in one.ifs]
        picks = all(getattr(test, "attr", "") == "requires_grad" for test in tests)
        return picks and all(_are_all(one.iter) for one in node.generators)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        return node.func.attr in ("parameters", "named_parameters") and not node.args
    name, last = getattr(node.func, "id", ""), node.args[-1:]
    if name == "filter" and len(node.args) == 2:
        test = getattr(node.args[0], "body", None)
        return getattr(test, "attr", "") == "requires_grad" and _are_all(last[0])
    return name == "list" and bool(last) and _are_all(last[0])


def by_trainer(event: Trained, scene: Scene) -> tuple[Node, Trainer] | None:
    """Return where a trainer is told to train under fp16 AMP, None where it may not."""
    trainer = scene.trainer(event)
    if trainer is None or trainer.class_name not in _TRAINERS:
        return None
    settings = scene.world.state(trainer.arguments)
    if not isinstance(settings, Arguments) or not settings.complete:
        return None
    if not all(map(_only_computes, own_classes(event, scene))):
        return None
    value = settings.get("fp16")
    if value is None or known_truth(scene.machine, value, scene.world) is not True:
        return None
    if (
        has_optimizer(trainer)
        or _goes_another_way(settings.fields)
        or not has_library_callbacks(trainer, scene)
    ):
        return None
    # Without clipping, older releases leave all to a fused optimizer, which takes such gradients.
    if above_zero(settings.get("max_grad_norm"), 1.0) is not True:
        return None
    return spelled(settings, "fp16"), trainer


def by_accelerator(node: Node, scene: Scene) -> Node | None:
    """Return where the accelerator that prepares something is told to use fp16 AMP."""
    method = method_of(node)
    owner = scene.value(method.value) if method is not None else None
    tool = scene.world.state(owner)
    if not isinstance(tool, Tool) or tool.kind != "accelerator" or _goes_another_way(tool.fields):
        return None
    return tool.node if literal(dict(tool.fields).get("mixed_precision")) == "fp16" else None


def by_scaler(node: Node, scene: Scene) -> Node | None:
    """Return the call that made the scaler of `scaler.step(optimizer)`, if it surely scales."""
    method = method_of(node)
    owner = scene.value(method.value) if method is not None else None
    made = maker(owner, scene)
    if made is None or made[0] != "torch.GradScaler" or len(made[1].args) > _BEFORE_ENABLED:
        return None
    for word in made[1].keywords:
        given = scene.constant(word.value)
        if word.arg is None or (word.arg == "enabled" and given is not True):
            return None
    return made[1]


def _goes_another_way(fields: tuple[tuple[str, Value], ...]) -> bool:
    return any(name in _OTHER_WAYS and not _is_off(value) for name, value in fields)


def _is_off(value: Value) -> bool:
    if isinstance(value, Items):
        return value.exact and not value.items
    return literal(value, ...) in (None, False, "", "auto")


def _only_computes(cls: ClassValue) -> bool:
    """Return whether a trainer of the project leaves the steps to the library's."""
    bases = cls.bases
    own = _HARMLESS.issuperset(cls.attributes) and len(bases) == 1
    return own and all(_only_computes(base) for base in bases if isinstance(base, ClassValue))
