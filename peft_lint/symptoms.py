"""What people see when something has failed, and the rules that find what may lie behind it."""

from __future__ import annotations

import json
import os
from collections import Counter
from functools import cache

from peft_lint.lean import Record

# What any sentence may hold.
_SMALL = frozenset(
    "and are been but can does for from had has have its not one that the then there this was "
    "when with".split()
)


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
    """Return the symptoms that share words with `text`, best first.

    A word counts the more, the fewer symptoms have it; those far behind the best are left out.
    """
    common = Counter(word for symptom in all_symptoms() for word in _words(symptom.words))
    wanted = _words(text)
    scored = [
        (sum(1 / common[word] for word in wanted & _words(symptom.words)), symptom)
        for symptom in all_symptoms()
    ]
    best = max(score for score, _ in scored)
    found = [(score, symptom) for score, symptom in scored if 0 < best <= 3 * score]
    return tuple(symptom for _, symptom in sorted(found, key=lambda row: -row[0]))


def _words(text: str) -> frozenset[str]:
    """Return the words that say something, in the one form that stands for all of theirs."""
    letters = "".join(one if one.isalnum() else " " for one in text.lower())
    words = (word for word in letters.split() if len(word) > 2 and word not in _SMALL)
    return frozenset(map(_stem, words))


def _stem(word: str) -> str:
    """Return a word without its ending, so that "loads" and "loading" are the same."""
    word = word.replace("z", "s")
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending)
    return word
