"""Adapter configs: how they are made and read, and what an adapter made from one is like."""

from __future__ import annotations

from peft_lint.events import ConfigMade
from peft_lint.interpreter.objects import Adapter, Config, Fact, Node, Weights, above_zero
from peft_lint.interpreter.values import Literal, Symbol, Value, literal
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.handles import untouched
from peft_lint.library.registry import WORDS, method

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call

# PEFT's own name of an adapter that was not given one.
DEFAULT = "default"
# Methods that put tokens or states in front of the input and leave the modules alone.
PROMPT_LEARNING = frozenset(
    {
        "PromptTuningConfig",
        "PrefixTuningConfig",
        "PromptEncoderConfig",
        "MultitaskPromptTuningConfig",
        "CPTConfig",
        "CartridgeConfig",
    }
)
# The fields that hold an adapter's dropout, each 0.0 by default; of a class that is missing
# here it is not known (PolyConfig, PveraConfig and XLoraConfig are random by default).
_DROPOUTS: dict[str, tuple[str, ...]] = {
    "LoraConfig": ("lora_dropout",),
    "AdaLoraConfig": ("lora_dropout",),
    "LoHaConfig": ("rank_dropout", "module_dropout"),
    "LoKrConfig": ("rank_dropout", "module_dropout"),
    "OFTConfig": ("module_dropout",),
    "BOFTConfig": ("boft_dropout",),
    "DeloraConfig": ("module_dropout",),
    "GraloraConfig": ("gralora_dropout",),
    "MissConfig": ("miss_dropout",),
    "VeraConfig": ("vera_dropout",),
    "VBLoRAConfig": ("vblora_dropout",),
    "RandLoraConfig": ("randlora_dropout",),
    "PromptEncoderConfig": ("encoder_dropout",),
    "AdaptionPromptConfig": (),
    "C3AConfig": (),
    "CPTConfig": (),
    "FourierFTConfig": (),
    "HRAConfig": (),
    "IA3Config": (),
    "LNTuningConfig": (),
    "MultitaskPromptTuningConfig": (),
    "PrefixTuningConfig": (),
    "PromptTuningConfig": (),
    "RoadConfig": (),
    "ShiraConfig": (),
    "TrainableTokensConfig": (),
    "WaveFTConfig": (),
}
# A function that makes one is worth following.
WORDS.update(_DROPOUTS)
# The classes by the `peft_type` that a saved config names, without its underscores.
_CLASSES = {name.removesuffix("Config").upper(): name for name in (*_DROPOUTS, *PROMPT_LEARNING)}
_CLASSES["PTUNING"] = "PromptEncoderConfig"
# The field that says how an adapter starts, where its default is to change nothing.
_INITIALISATIONS = {
    "LoraConfig": "init_lora_weights",
    "AdaLoraConfig": "init_lora_weights",
    "LoHaConfig": "init_weights",
    "LoKrConfig": "init_weights",
    "OFTConfig": "init_weights",
    "BOFTConfig": "init_weights",
    "VeraConfig": "init_weights",
    "RandLoraConfig": "init_weights",
    "DeloraConfig": "init_weights",
    "GraloraConfig": "init_weights",
    "MissConfig": "init_weights",
}
# Initialisations with which a fresh adapter changes nothing: its B is zero.
_WITHOUT_EFFECT = (True, "gaussian", "eva")


def make_config(call: Call, class_name: str) -> Value:
    """Model `LoraConfig(...)` and every other config class."""
    complete = call.complete and not call.args
    config = Config(call.node, class_name, call.keywords, complete)
    call.machine.emit(ConfigMade(call.node, config))
    return call.machine.world.add(config)


method(Config, "to_dict", "push_to_hub")(untouched)


def config_of(call: Call, value: Value | None) -> Config:
    """Return the adapter config that an argument is, one of unknown content otherwise."""
    state = call.machine.world.state(value)
    return state if isinstance(state, Config) else Config(call.node, None, complete=False)


def task_type(config: Config) -> Value | None:
    """Return the config's task type as a literal such as "SEQ_CLS", None where not given."""
    value = config.get("task_type")
    if isinstance(value, Symbol):
        return Literal((value.name.rpartition(".")[2],))
    return value


def fresh_adapter(name: str, node: Node, config: Config) -> Adapter:
    """Return the adapter that a config makes, with fresh weights and its dropout live (A7)."""
    trainable = _trainable(config)
    return Adapter(
        name=name,
        node=node,
        config=config,
        weights=_weights(config),
        trainable=trainable,
        training=True,
        dropout=dropout(config),
        in_place=in_place(config),
        frozen_by=node if trainable is False else None,
    )


def in_place(config: Config) -> Fact:
    """Return whether the adapter changes the modules of its base, None if not known."""
    return None if config.class_name is None else config.class_name not in PROMPT_LEARNING


def class_of(peft_type: str) -> str | None:
    """Return the config class that a saved config's `peft_type` stands for."""
    return _CLASSES.get(peft_type.replace("_", ""))


def _field(config: Config, name: str) -> tuple[Value | None, bool]:
    """Return a field, None where it was not given, and whether its default holds then.

    What was assigned to a config that was read counts before what it was read with.
    """
    value = config.get(name)
    if value is None and config.stored is not None:
        return next((stored for key, stored in config.stored if key == name), None), True
    return value, config.complete


def dropout(config: Config) -> Fact:
    """Return whether the adapter that a config makes has dropout above zero."""
    fields = _DROPOUTS.get(config.class_name or "")
    if fields is None or (config.source is not None and config.stored is None):
        return None
    answers = []
    for field in fields:
        value, by_default = _field(config, field)
        answers.append(above_zero(value) if value is not None or by_default else None)
    if True in answers:
        return True
    return None if None in answers else False


def _trainable(config: Config) -> Fact:
    if config.class_name in PROMPT_LEARNING:
        return True
    mode = config.get("inference_mode")
    if mode is None:
        if config.source is not None:
            # What is saved is always marked for inference (peft_model.py, `save_pretrained`).
            return None if config.escaped or config.reported else False
        return True if config.complete else None
    constant = literal(mode)
    return not constant if isinstance(constant, bool) else None


def _weights(config: Config) -> Weights:
    if config.source is not None and config.stored is None:
        # Presumed LoRA-like, as any adapter from a path: its B starts at zero.
        return Weights.FRESH if config.class_name in PROMPT_LEARNING else Weights.ZERO
    field = _INITIALISATIONS.get(config.class_name or "")
    if field is None:
        return Weights.FRESH
    start, by_default = _field(config, field)
    if start is None:
        return Weights.ZERO if by_default else Weights.FRESH
    return Weights.ZERO if literal(start) in _WITHOUT_EFFECT else Weights.FRESH
