"""The scope gate: literal tests that keep most files out before anything is parsed."""

from __future__ import annotations

# Without one of these a document has nothing to do with adapters or k-bit models.
_FIRST = ("peft", "d_adapter", "load_in_", "unsloth")
# With one of these it uses them, and does not only mention them.
_SECOND = (
    "import peft",
    "from peft",
    "peft_config",
    ".add_adapter(",
    ".load_adapter(",
    "load_in_4bit",
    "load_in_8bit",
    "from unsloth",
    "import unsloth",
)


def admits(text: str) -> bool:
    """Return whether a document can hold a finding; `text` may be bytes read as latin-1."""
    return any(word in text for word in _FIRST) and any(word in text for word in _SECOND)
