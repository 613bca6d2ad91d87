"""What people see when something has failed, and the rules that find what may lie behind it."""

from __future__ import annotations

import json
import os
from functools import cache

from peft_lint.lean import Record


class Symptom(Record):
    """What somebody sees, in their words, and the codes of rules, the likeliest first."""

    words: str
    rules: tuple[str, ...]


@cache
def all_symptoms() -> tuple[Symptom, ...]:
    """Return every symptom, in the order of the file."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules", "symptoms.json")
    with open(path, encoding="utf-8") as stream:
        rows = json.load(stream)
    return tuple(Symptom(row["words"], tuple(row["rules"])) for row in rows)


def matching(text: str) -> tuple[Symptom, ...]:
    """Return the symptoms that share a word of four letters or more with `text`, best first."""
    wanted = _words(text)
    scored = [(len(wanted & _words(symptom.words)), symptom) for symptom in all_symptoms()]
    found = [(score, symptom) for score, symptom in scored if score]
    return tuple(symptom for _, symptom in sorted(found, key=lambda row: -row[0]))


def _words(text: str) -> frozenset[str]:
    letters = "".join(one if one.isalnum() else " " for one in text.lower())
    return frozenset(word for word in letters.split() if len(word) > 3)
