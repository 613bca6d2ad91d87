"""PEF319: a BitsAndBytesConfig with a key that nothing reads, a wrong value, or both loads off."""

from __future__ import annotations

import ast

from peft_lint.events import ModelLoaded, SettingsMade
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Arguments, Node
from peft_lint.interpreter.values import Value, literal
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword, RenameKeyword, ReplaceKeyword

_CLASS = "BitsAndBytesConfig"
_LOADS = ("load_in_4bit", "load_in_8bit")
_DTYPES = ("bnb_4bit_compute_dtype", "bnb_4bit_quant_storage")
_TYPE = "bnb_4bit_quant_type"
_KEYS = (
    *(*_LOADS, *_DTYPES, _TYPE, "bnb_4bit_use_double_quant", "llm_int8_threshold"),
    *("llm_int8_skip_modules", "llm_int8_enable_fp32_cpu_offload", "llm_int8_has_fp16_weight"),
)
# What these keys are also called; slips of the pen are found by their letters.
_ALIASES = {
    "load_in_4bit": "load_4bit load_in_4_bit load_in_4bits load_in_4b use_4bit load_4_bit",
    "load_in_8bit": "load_8bit load_in_8_bit load_in_8bits load_in_8b use_8bit load_8_bit",
    "bnb_4bit_use_double_quant": "bnb_4bit_use_double_quantization bnb_4bit_double_quant "
    "use_double_quant double_quant use_nested_quant bnb_4bit_use_nested_quant",
    "bnb_4bit_quant_type": "quant_type bnb_4bit_quantization_type bnb_4bit_quant_dtype "
    "bnb_4bit_type bnb_4bit_quant",
    "bnb_4bit_compute_dtype": "compute_dtype bnb_4bit_compute_type bnb_4bit_dtype "
    "bnb_compute_dtype bnb_4bit_compute_datatype",
}
_MEANT = {alias: key for key, aliases in _ALIASES.items() for alias in aliases.split()}
_SPELLINGS = {"fp16": "float16", "bf16": "bfloat16", "fp32": "float32"}
_SAFE, _UNSAFE = Applicability.SAFE, Applicability.UNSAFE


class Rule(OnePerPlace):
    """Looks at keys and values when the config is made, at what it asks for when it is used."""

    def on_settings_made(self, event: SettingsMade, scene: Scene) -> None:
        """Suspect keys that nothing reads, and values that raise."""
        if event.settings.class_name != _CLASS:
            return
        names = {name for name, _ in event.settings.fields}
        for word in event.node.keywords:
            value = event.settings.get(word.arg) if word.arg else None
            if word.arg is None or value is None:
                continue
            meant = _meant(word.arg)
            if meant is not None and literal(value, ...) not in (False, None):
                words = f"{word.arg}= is read by nothing: it is called {meant}"
                fix = Proposal(
                    f"Rename the keyword to {meant}",
                    _SAFE,
                    RenameKeyword(word.arg, meant),
                    (event.node,),
                )
                self._add(word.value, words, event.node, () if meant in names else (fix,))
            elif meant is None:
                self._look(word, value, event.node)

    def on_model_loaded(self, event: ModelLoaded, scene: Scene) -> None:
        """Suspect a config that asks for neither, and gets four bits."""
        given = dict(scene.body(event).arguments).get("quantization_config")
        settings = scene.world.state(given)
        if not isinstance(settings, Arguments) or settings.class_name != _CLASS:
            return
        if not settings.complete or not _is_off(settings):
            return
        words = "neither load is on, and the model is quantised to four bits all the same"
        fixes: tuple[Proposal, ...] = ()
        if any(word.arg == "quantization_config" for word in getattr(event.node, "keywords", ())):
            visitor = RemoveKeyword("quantization_config")
            fixes = (
                Proposal("Load the model without the config", _UNSAFE, visitor, (event.node,)),
            )
        self._add(settings.node, words, settings.node, fixes, event.node)

    def _look(self, word: ast.keyword, value: Value, node: ast.Call) -> None:
        text, name = literal(value), word.arg or ""
        if not isinstance(text, str):
            return
        right = None
        if name in _DTYPES:
            bare = text.removeprefix("torch.")
            right = _SPELLINGS.get(bare, bare)
            words = f"{text!r} is no dtype of torch: the name alone, or the dtype itself, is"
        elif name == _TYPE and text not in ("fp4", "nf4"):
            right = text.lower()
            words = f"{text!r} is no type of quantisation: fp4 and nf4 are"
        if right is None or (right == text and name in _DTYPES):
            return
        known = right in ("fp4", "nf4") or name in _DTYPES
        safety = _SAFE if isinstance(word.value, ast.Constant) else _UNSAFE
        fix = Proposal(f'Write "{right}"', safety, ReplaceKeyword(name, f'"{right}"'), (node,))
        self._add(word.value, words, node, (fix,) if known else ())

    def _add(
        self,
        anchor: Node,
        words: str,
        cause: Node,
        fixes: tuple[Proposal, ...],
        use: Node | None = None,
    ) -> None:
        story = ((anchor, words), *(((use, "the model is loaded with it here"),) if use else ()))
        suspicion = Suspicion("PEF319", Severity.ERROR, words, anchor, story, cause, fixes)
        self._found.setdefault(anchor, suspicion)


def _meant(key: str) -> str | None:
    """Return the key that another one is a wrong name for, None where it is none."""
    if key in _KEYS:
        return None
    if key in _MEANT:
        return _MEANT[key]
    from difflib import get_close_matches

    digits = [char for char in key if char.isdigit()]
    # 4 for 8 is another wish, no slip of the pen.
    same = [one for one in _KEYS if [char for char in one if char.isdigit()] == digits]
    return next(iter(get_close_matches(key, same, 1, 0.9)), None)


def _is_off(settings: Arguments) -> bool:
    """Return whether the config says that nothing is to be loaded in few bits."""
    four, eight = (literal(settings.get(name), ...) for name in _LOADS)
    if any(_meant(name) in _LOADS for name, _ in settings.fields):
        return False
    if four is False:
        return settings.get(_LOADS[1]) is None or eight is False
    asks = any(name.startswith("bnb_4bit") for name, _ in settings.fields)
    return settings.get(_LOADS[0]) is None and eight is False and not asks
