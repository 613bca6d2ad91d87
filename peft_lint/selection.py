"""Which rules a run selects: codes, prefixes, names and ALL, taken layer by layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from peft_lint.lean import Record
from peft_lint.rulebook import RuleInfo, all_rules

# The tool's own voice: a file that could not be analysed is never passed over in silence.
ALWAYS = frozenset({"PEF000", "PEF001"})
_PREFIX = re.compile(r"PEF\d{0,2}")
_CODE = re.compile(r"PEF\d{1,3}")
# From this likeness on, of at most 1, one word may have been meant by another.
_NEAR = 0.7


class Layer(Record):
    """What one source of settings says; `select` None leaves earlier layers as they are."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


def select(layers: Iterable[Layer], preview: bool) -> tuple[RuleInfo, ...]:
    """Return the rules that `layers` leave selected, by code.

    Without any layer these are all rules but those in preview. A `select` starts afresh.
    Within a layer the longer selector wins, and `ignore` wins a tie. Every selector must have
    passed `problem`.
    """
    candidates = [rule for rule in all_rules() if preview or not rule.preview]
    chosen = {rule.code for rule in candidates}
    for layer in layers:
        if layer.select is not None:
            chosen = set(ALWAYS)
        wanted = (*(layer.select or ()), *layer.extend_select)
        for rule in candidates:
            for_it, against = _weight(wanted, rule), _weight(layer.ignore, rule)
            if against and against >= for_it and rule.code != "PEF000":
                chosen.discard(rule.code)
            elif for_it:
                chosen.add(rule.code)
    return tuple(rule for rule in candidates if rule.code in chosen)


def hidden(layers: Iterable[Layer], preview: bool) -> RuleInfo | None:
    """Return a rule that a layer selects by its own code or name though previews are off."""
    named = {text for layer in layers for text in (*(layer.select or ()), *layer.extend_select)}
    rules = () if preview else all_rules()
    return next((r for r in rules if r.preview and {r.code, r.name} & named), None)


def problem(selector: str) -> str | None:
    """Return what is wrong with a selector, in words, or None."""
    if any(_weight((selector,), rule) for rule in all_rules()):
        return None
    return unknown(selector, ["ALL", *spellings()])


def unknown(word: str, words: Sequence[str]) -> str:
    """Return that no rule is called so, and what may have been meant."""
    # Of a code without a slip every other code is as near as the next.
    hint = "" if _CODE.fullmatch(word) else did_you_mean(word, words)
    return f"unknown rule `{word}`{hint or '; `peft-lint rules` lists them'}"


def named(selectors: Iterable[str]) -> frozenset[str]:
    """Return the codes of all rules that a selector names, those in preview too."""
    wanted = tuple(selectors)
    return frozenset(rule.code for rule in all_rules() if _weight(wanted, rule))


def find(code_or_name: str) -> RuleInfo | None:
    """Return the rule of exactly this code or name."""
    return next((rule for rule in all_rules() if code_or_name in (rule.code, rule.name)), None)


def did_you_mean(word: str, words: Sequence[str]) -> str:
    """Return "; did you mean `x`?" for the nearest of `words`, or nothing."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(b=word.lower())
    near: list[tuple[float, int, str]] = []
    for candidate in words:
        matcher.set_seq1(candidate.lower())
        if (ratio := matcher.ratio()) >= _NEAR:
            # Slips are seldom at the beginning.
            first = matcher.get_matching_blocks()[0]
            near.append((ratio, first.size if first.a == first.b == 0 else 0, candidate))
    best = max(near, key=lambda one: one[:2], default=None)
    return f"; did you mean `{best[2]}`?" if best else ""


def spellings() -> list[str]:
    """Return the codes and names of all rules."""
    return [text for rule in all_rules() for text in (rule.code, rule.name)]


def _weight(selectors: Iterable[str], rule: RuleInfo) -> int:
    """Return how precisely the best selector names `rule`: 0 for not at all."""
    return max((_precision(selector, rule) for selector in selectors), default=0)


def _precision(selector: str, rule: RuleInfo) -> int:
    if selector in (rule.code, rule.name):
        return len(rule.code)
    if _PREFIX.fullmatch(selector) and rule.code.startswith(selector):
        return len(selector)
    return 1 if selector == "ALL" else 0
