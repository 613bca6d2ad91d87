"""Other words that people use for the fields of PEFT configs, and for the values of some.

Only what can mean nothing else is listed: the edit distance alone takes `lora_rank` for
`lora_bias`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

# Another word -> the fields that it may mean, of which a class has at most one.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "rank": ("r",),
    "lora_rank": ("r",),
    "lora_r": ("r",),
    "lora_dim": ("r",),
    "alpha": ("lora_alpha",),
    "lora_alpha": ("alpha",),
    "dropout": ("lora_dropout", "vera_dropout", "boft_dropout", "encoder_dropout"),
    "dropout_rate": ("lora_dropout",),
    "lora_drop": ("lora_dropout",),
    "lora_dropout_rate": ("lora_dropout",),
    "lora_dropout_prob": ("lora_dropout",),
    "target": ("target_modules",),
    "targets": ("target_modules",),
    "target_module": ("target_modules",),
    "target_layers": ("target_modules",),
    "lora_target": ("target_modules",),
    "lora_targets": ("target_modules",),
    "lora_target_modules": ("target_modules",),
    "module_to_save": ("modules_to_save",),
    "modules_to_train": ("modules_to_save",),
    "modules_saved": ("modules_to_save",),
    "additional_modules_to_save": ("modules_to_save",),
    "task": ("task_type",),
    "tasktype": ("task_type",),
    "type_task": ("task_type",),
    "init_weights": ("init_lora_weights",),
    "lora_init": ("init_lora_weights",),
    "init_lora_weight": ("init_lora_weights",),
    "init_lora_weights": ("init_weights",),
    "rslora": ("use_rslora",),
    "use_rs_lora": ("use_rslora",),
    "dora": ("use_dora",),
    "enable_dora": ("use_dora",),
    "num_tokens": ("num_virtual_tokens",),
    "n_virtual_tokens": ("num_virtual_tokens",),
    "num_virtual_token": ("num_virtual_tokens",),
    "virtual_tokens": ("num_virtual_tokens",),
    "prompt_length": ("num_virtual_tokens",),
    "prefix_length": ("num_virtual_tokens",),
    "base_model_name": ("base_model_name_or_path",),
}
# What a low-rank adapter has and these methods have nothing like.
_LOW_RANK = ("r", "rank", "lora_r", "lora_rank", "lora_alpha", "lora_dropout")
_PROMPT = (*_LOW_RANK, "target_modules")
FOREIGN: Mapping[str, tuple[str, ...]] = {
    "IA3Config": _LOW_RANK,
    "LNTuningConfig": _LOW_RANK,
    "PromptTuningConfig": _PROMPT,
    "PrefixTuningConfig": _PROMPT,
    "PromptEncoderConfig": _PROMPT,
}
# Values that people write for a task type, normalised -> the task type, None where PEFT has none.
TASK_TYPES: Mapping[str, str | None] = {
    "CAUSAL": "CAUSAL_LM",
    "CAUSALLM": "CAUSAL_LM",
    "CLM": "CAUSAL_LM",
    "CAUSAL_LANGUAGE_MODELING": "CAUSAL_LM",
    "TEXT_GENERATION": "CAUSAL_LM",
    "SEQ2SEQ": "SEQ_2_SEQ_LM",
    "SEQ2SEQ_LM": "SEQ_2_SEQ_LM",
    "SEQ2SEQLM": "SEQ_2_SEQ_LM",
    "SEQ_2_SEQ": "SEQ_2_SEQ_LM",
    "SEQ_TO_SEQ_LM": "SEQ_2_SEQ_LM",
    "SEQUENCE_CLASSIFICATION": "SEQ_CLS",
    "SEQ_CLASSIFICATION": "SEQ_CLS",
    "TEXT_CLASSIFICATION": "SEQ_CLS",
    "TOKEN_CLASSIFICATION": "TOKEN_CLS",
    "TOK_CLS": "TOKEN_CLS",
    "NER": "TOKEN_CLS",
    "QUESTION_ANSWERING": "QUESTION_ANS",
    "QA": "QUESTION_ANS",
    "FEATURE_EXTRACT": "FEATURE_EXTRACTION",
    "IMAGE_CLASSIFICATION": None,
    "IMAGE_CLS": None,
    "IMG_CLS": None,
    "AUDIO_CLASSIFICATION": None,
    "AUDIO_CLS": None,
    "VISION": None,
}
# The same for the other fields that take one of a few words.
VALUES: Mapping[str, Mapping[str, str]] = {
    "bias": {"lora": "lora_only", "no": "none", "false": "none", "true": "all"},
    "init_lora_weights": {"gauss": "gaussian", "normal": "gaussian"},
    "prompt_tuning_init": {"txt": "TEXT"},
}
# Words shorter than this are too near to one another.
_LONG = 9


def meant_field(name: str, fields: Collection[str]) -> str | None:
    """Return which of a class's `fields` an unknown one surely means, None where that is open."""
    listed = [field for field in FIELDS.get(name.lower(), ()) if field in fields]
    if listed or name.lower() in fields:
        return listed[0] if listed else name.lower()
    near = [f for f in fields if len(f) >= _LONG and is_slip(name, f)]
    return near[0] if len(near) == 1 else None


def meant_value(field: str, value: str, allowed: Collection[str]) -> str | None:
    """Return which of the values that a field allows another one surely means, None if none."""
    word = value.replace("-", "_").replace(" ", "_")
    table = TASK_TYPES if field == "task_type" else VALUES.get(field, {})
    listed = table.get(word.upper() if field == "task_type" else word.lower())
    if listed in allowed:
        return listed
    low = word.lower()
    near = [a for a in allowed if a.lower() == low or (len(a) > 3 and is_slip(low, a.lower()))]
    return near[0] if len(near) == 1 else None


def is_slip(written: str, meant: str) -> bool:
    """Return whether one letter more, less or other, or two that changed places, is all."""
    start = 0
    while start < min(len(written), len(meant)) and written[start] == meant[start]:
        start += 1
    left, right = written[start:], meant[start:]
    if len(left) == len(right):
        swapped = left[1:2] + left[:1] + left[2:]
        return bool(left) and (left[1:] == right[1:] or swapped == right)
    longer, shorter = sorted((left, right), key=len, reverse=True)
    return longer[1:] == shorter
