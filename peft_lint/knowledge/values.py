"""The words that fields of PEFT configs take, release by release."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from peft_lint.knowledge.configs import fields, members

_ENUMS: Mapping[str, str] = {
    "task_type": "TaskType",
    "prompt_tuning_init": "PromptTuningInit",
    "encoder_reparameterization_type": "PromptEncoderReparameterizationType",
}
# What `init_lora_weights` takes besides what its type lists, and in whichever case (layer.py).
_UNLISTED = ("lora_ga",)
_ANY_CASE = ("gaussian", "olora", "mica")


def words(config: str, field: str, release: str) -> Collection[str]:
    """Return the words that a field of a config class takes, none where they are not known."""
    known = (fields("peft", config, release) or {}).get(field)
    if known is None:
        return ()
    if field in _ENUMS:
        return members(_ENUMS[field], release) or ()
    listed = [choice for choice in known.choices if isinstance(choice, str)]
    return [*listed, *_UNLISTED] if listed and field == "init_lora_weights" else listed


def accepts(field: str, word: str, allowed: Collection[str]) -> bool:
    """Return whether PEFT takes a word for a field that allows `allowed`."""
    if word in allowed:
        return True
    if field != "init_lora_weights":
        return False
    numbered = word.startswith("pissa_niter_") and word.rpartition("_")[2].isdecimal()
    # An empty text is false, which is a way to start, too.
    any_case = word.lower() in _ANY_CASE and word.lower() in allowed
    return not word or numbered or any_case or word.startswith("corda")
