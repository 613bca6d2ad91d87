"""PEF311: a PEFT config gets positional arguments that are lost, or refused as task types."""

from __future__ import annotations

import ast

from peft_lint.events import ConfigMade
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.values import Items, Literal, Symbol
from peft_lint.rules.guards import expects, names_the_class
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import NamePositions

# The first fields of every config, none of which is a number or a list. Whoever gives more than
# these in their order has read the signature.
_FIELDS = ("task_type", "peft_type", "auto_mapping", "peft_version", "base_model_name_or_path")
# What whole numbers stand for, in the order in which people give them.
_NUMBERS = {
    "LoraConfig": ("r", "lora_alpha"),
    "LoHaConfig": ("r", "alpha"),
    "LoKrConfig": ("r", "alpha"),
    "PromptTuningConfig": ("num_virtual_tokens",),
    "PrefixTuningConfig": ("num_virtual_tokens",),
    "PromptEncoderConfig": ("num_virtual_tokens",),
}
_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.ListComp, ast.SetComp)


class Rule(OnePerPlace):
    """Looks at the arguments of each config as the call spells them."""

    def on_config_made(self, event: ConfigMade, scene: Scene) -> None:
        """Suspect a number or a list where the fields are texts."""
        args = event.node.args
        if not args or len(args) > len(_FIELDS) or not _has_task_type(event, scene):
            return
        if any(isinstance(one, ast.Starred) for one in args):
            return
        wrong = next((one for one in args if _is_number_or_list(one, scene)), None)
        if wrong is None or expects(event, scene, "ValueError", "TypeError", "Exception"):
            return
        if names_the_class(event.node, scene):
            self._found.setdefault(event.node, _suspicion(event, wrong, scene))


def _has_task_type(event: ConfigMade, scene: Scene) -> bool:
    """Return whether the class is that of an adapter, not one for a part of it."""
    from peft_lint.knowledge.configs import fields

    release = scene.machine.target.release("peft")
    return _FIELDS[0] in (fields("peft", event.config.class_name or "", release) or ())


def _is_number_or_list(node: ast.expr, scene: Scene) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (int, float))
    value = scene.value(node)
    if isinstance(value, Literal):
        return all(isinstance(one, (int, float)) for one in value.values)
    return isinstance(value, Items) or isinstance(node, _DISPLAYS)


def _suspicion(event: ConfigMade, wrong: ast.expr, scene: Scene) -> Suspicion:
    name = event.config.class_name
    field = _FIELDS[event.node.args.index(wrong)]
    lost = "which is refused" if field == _FIELDS[0] else "and is lost"
    words = f"this positional argument of {name} is its {field}, {lost}"
    return Suspicion(
        code="PEF311",
        severity=Severity.ERROR,
        message=f"{words}: give it the name that is meant",
        anchor=wrong,
        story=((wrong, words),),
        cause=event.node,
        proposals=_proposals(event, scene),
    )


def _proposals(event: ConfigMade, scene: Scene) -> tuple[Proposal, ...]:
    names = _names(event, scene)
    if names is None or set(names) & {word.arg for word in event.node.keywords}:
        return ()
    title = f"Name the arguments: {', '.join(names)}"
    return (Proposal(title, Applicability.UNSAFE, NamePositions(*names), (event.node,)),)


def _names(event: ConfigMade, scene: Scene) -> list[str] | None:
    """Return what the arguments look like, None where one of them looks like nothing."""
    numbers = list(_NUMBERS.get(event.config.class_name or "", ()))
    names = []
    for arg in event.node.args:
        value = arg.value if isinstance(arg, ast.Constant) else None
        if _is_task(arg, scene):
            names.append("task_type")
        elif isinstance(arg, ast.List):
            names.append("target_modules")
        elif isinstance(value, int) and not isinstance(value, bool) and numbers:
            names.append(numbers.pop(0))
        elif isinstance(value, float) and event.config.class_name == "LoraConfig":
            names.append("lora_dropout")
        else:
            return None
    return names if len(set(names)) == len(names) else None


def _is_task(node: ast.expr, scene: Scene) -> bool:
    from peft_lint.knowledge.configs import members

    known = members("TaskType", scene.machine.target.release("peft")) or frozenset()
    if isinstance(node, ast.Constant):
        return node.value in known
    enum = scene.value(node.value) if isinstance(node, ast.Attribute) else None
    return isinstance(node, ast.Attribute) and isinstance(enum, Symbol) and node.attr in known
