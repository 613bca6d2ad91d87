"""The scope gate: literal tests that keep most files out before anything is parsed."""

from __future__ import annotations

# What code says that uses PEFT, and does not only mention it.
_PEFT = (b"import peft", b"from peft", b", peft", b"peft_config")
# What code says that uses adapters or k-bit models without naming PEFT; it loads a model, too.
# That longer word is looked for first: a search costs the less, the longer the word is.
_LOADS = b"from_pretrained"
_OTHERS = (
    b".add_adapter(",
    b".load_adapter(",
    b".fuse_lora(",
    b"load_in_4bit",
    b"load_in_8bit",
    b"from unsloth",
    b"import unsloth",
)


def admits(data: bytes) -> bool:
    """Return whether a document can hold a finding, from its bytes in any ASCII-like encoding."""
    if b"peft" in data and any(word in data for word in _PEFT):
        return True
    return _LOADS in data and any(word in data for word in _OTHERS)
