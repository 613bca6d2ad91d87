"""The scope gate: literal tests that keep most files out before anything is parsed."""

from __future__ import annotations

import codecs
import re

# Each word below holds one of these. A search for both, which begin with the same letter, runs
# from one of these letters to the next: it takes half the time of two searches.
_FIRST = re.compile(rb"p(?:eft|retrained)")
# What code says that uses PEFT, and does not only mention it.
_PEFT = (b"import peft", b"from peft", b", peft", b"peft_config")
# What code says that uses adapters or k-bit models without naming PEFT; it loads a model, too.
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
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def admits(data: bytes) -> bool:
    """Return whether a document can hold a finding, from its bytes in any usual encoding."""
    if _FIRST.search(data) is None:
        # Python does not read UTF-16, some editors write it: to be told, not passed over.
        return data.startswith(_UTF_16) and admits(data[2:].replace(b"\0", b""))
    if b"peft" in data and any(word in data for word in _PEFT):
        return True
    return _LOADS in data and any(word in data for word in _OTHERS)
