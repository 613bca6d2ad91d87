"""PEF304: a PEFT config gets a value that its field does not take."""

from __future__ import annotations

import ast

from peft_lint.events import ConfigMade, ConfigUsed
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Node, Steps
from peft_lint.interpreter.values import Literal
from peft_lint.lean import Record
from peft_lint.rules.guards import expects, is_conditional, names_the_class
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword, ReplaceKeyword, gives

_LORA = ("LoraConfig",)
# The classes whose fields are looked at, () for all of them.
_CLASSES: dict[str, tuple[str, ...]] = {
    "task_type": (),
    "bias": ("LoraConfig", "AdaLoraConfig"),
    "init_lora_weights": ("LoraConfig", "AdaLoraConfig"),
    "r": _LORA,
    "lora_alpha": _LORA,
    "lora_dropout": _LORA,
    "prompt_tuning_init": ("PromptTuningConfig", "MultitaskPromptTuningConfig"),
    "encoder_reparameterization_type": ("PromptEncoderConfig",),
}
_ERRORS = ("ValueError", "TypeError", "NotImplementedError", "AttributeError", "Exception")


class Wrong(Record):
    """What is wrong with a value, and the code to write instead: "" to leave the field out."""

    message: str
    code: str | None = None
    applicability: Applicability = Applicability.SAFE


class Rule(OnePerPlace):
    """Compares literal values with what the fields take, where PEFT looks at them."""

    def on_config_made(self, event: ConfigMade, scene: Scene) -> None:
        """Look at the only field that the class itself checks."""
        self._look(event, scene, "task_type")

    def on_config_used(self, event: ConfigUsed, scene: Scene) -> None:
        """Look at the others, which are refused where the config meets a model."""
        for field in _CLASSES:
            self._look(event, scene, field)

    def _look(self, event: ConfigMade | ConfigUsed, scene: Scene, field: str) -> None:
        config, classes = event.config, _CLASSES.get(field, ())
        value = config.get(field)
        if not isinstance(value, Literal) or not value.single:
            return
        if config.class_name is None or (classes and config.class_name not in classes):
            return
        wrong = _judge(field, value.values[0], event, scene)
        if wrong is None or expects(event, scene, *_ERRORS):
            return
        if names_the_class(config.node, scene):
            anchor = config.expression(field) or config.node
            self._found.setdefault(anchor, _suspicion(field, anchor, event, wrong, scene))


def _suspicion(
    field: str, anchor: Node, event: ConfigMade | ConfigUsed, wrong: Wrong, scene: Scene
) -> Suspicion:
    config, code = event.config, wrong.code
    proposals: tuple[Proposal, ...] = ()
    if code is not None and isinstance(anchor, ast.Constant) and gives(config.node, anchor):
        if scene.document.source(anchor).startswith("'"):
            code = code.replace('"', "'")
        title = f"Write {field}={code}" if code else f"Leave {field} out"
        visitor = ReplaceKeyword(field, code) if code else RemoveKeyword(field)
        proposals = (Proposal(title, wrong.applicability, visitor, (config.node,)),)
    story: Steps = ((anchor, wrong.message),)
    if event.node is not config.node:
        story = (*story, (event.node, "and the config is used here"))
    severity = Severity.ERROR
    return Suspicion("PEF304", severity, wrong.message, anchor, story, anchor, proposals)


def _judge(field: str, value: object, event: ConfigMade | ConfigUsed, scene: Scene) -> Wrong | None:
    """Return what is wrong with a value, None where it may be right."""
    if field in ("r", "lora_alpha"):
        # Each module's own rank is looked up before this one.
        return _number(field, value) if event.config.get("rank_pattern") is None else None
    if field == "lora_dropout":
        refused = isinstance(value, (int, float)) and not 0 <= value <= 1
        return Wrong(f"lora_dropout={value!r} is no probability") if refused else None
    if field == "bias" and (value is None or isinstance(value, bool)):
        code = None if value else '"none"'
        return Wrong(f"bias={value!r} is refused: it has to be a text, such as 'none'", code)
    return _word(field, value, event, scene) if isinstance(value, str) else None


def _number(field: str, value: object) -> Wrong | None:
    if isinstance(value, str):
        is_number = value.strip().isdecimal()
        message = f"{field}={value!r} is a text, where a number has to be"
        return Wrong(message, str(int(value)) if is_number else None)
    if field == "r" and isinstance(value, (int, float)):
        if value <= 0:
            return Wrong(f"r={value!r} is refused: a rank is positive")
        if isinstance(value, float):
            code = str(int(value)) if value.is_integer() else None
            return Wrong(f"r={value!r} is refused: a rank is an integer", code)
    return None


def _word(field: str, value: str, event: ConfigMade | ConfigUsed, scene: Scene) -> Wrong | None:
    from peft_lint.knowledge.spellings import TASK_TYPES, meant_value
    from peft_lint.knowledge.values import accepts, words

    target = scene.machine.target
    release, bounded = target.release("peft"), target.bounded("peft")
    allowed = words(event.config.class_name or "", field, release)
    if not allowed or accepts(field, value, allowed):
        return None
    meant = meant_value(field, value, allowed)
    if field == "prompt_tuning_init" and meant in (None, "RANDOM"):
        # Whatever is not TEXT starts at random, as was meant.
        return None
    message = f"{field}={value!r} is none of its values"
    if meant is not None:
        return Wrong(f"{message}; did you mean {meant!r}?", f'"{meant}"')
    if field == "task_type" and TASK_TYPES.get(value.upper(), "") is None:
        return Wrong(f"{message}: no task type is needed", "", Applicability.UNSAFE)
    # A newer release may know the word, and what depends on a condition may ask for the release.
    return Wrong(message) if bounded and not is_conditional(event, scene) else None
