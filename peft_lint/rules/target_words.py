"""How PEFT reads names of modules: a text has to match whole names, a name in a list ends them."""

from __future__ import annotations

import re

from peft_lint.finding import Severity
from peft_lint.lean import Record
from peft_lint.rules.targets import is_plain
from peft_lint.syntax.keywords import as_list

_ALL_LINEAR = "all-linear"
# Other ways to write that, without what separates the words.
_ALL_LINEAR_WORDS = ("alllinear", "alllinears", "alllinearlayers", "alllinearmodules")
# What no module's name holds; the names of weights end in the last two.
_FOREIGN = frozenset("*+?[](){}|^$\\, \t\n")
_WEIGHTS = (".weight", ".bias")
_NESTING = frozenset("()[]{}\\")
# Patterns that take any module around a name.
_PREFIX = re.compile(r"\.?\*(?:\\?\.)?")
_WORD = re.compile(r"\w+")


class Defect(Record):
    """What is wrong, and the code to write instead; `safe` where nothing else can be meant."""

    severity: Severity
    message: str
    code: str | None = None
    safe: bool = False


class OuterNames(Record):
    """A pattern of which some alternatives, `dead`, match only themselves.

    Each is one word, which is the whole name of an outermost module. `live` are the others.
    """

    text: str
    dead: tuple[str, ...]
    live: tuple[str, ...]

    def defect(self, known: bool) -> Defect:
        """Return what is wrong; `known` is whether the model has modules of the names."""
        if not self.live:
            words = (
                f"{self.text!r} matches no module: a text is a pattern for whole names, "
                "such as `model.layers.0.self_attn.q_proj`"
            )
            return Defect(Severity.ERROR, words, as_list(self.dead), known)
        prefix = _PREFIX.match(self.live[0])
        code = None
        if prefix is not None and prefix[0].startswith("."):
            parts = (
                f"{prefix[0]}{part}" if part in self.dead else part for part in self.text.split("|")
            )
            code = _quoted("|".join(parts))
        listed = " and ".join(f"`{name}`" for name in self.dead)
        words = f"{listed} in the pattern stands for itself, and no module's whole name is that"
        return Defect(Severity.WARNING, words, code)


def defect_of_text(text: str) -> Defect | None:
    """Return why a text matches no module of any model, None where it may match one."""
    if text.lower() == _ALL_LINEAR:
        return None
    if _means_all_linear(text):
        message = f"{text!r} is no module; did you mean {_ALL_LINEAR!r}?"
        return Defect(Severity.ERROR, message, f'"{_ALL_LINEAR}"', True)
    names = re.split(r"[,;\s]+", text.strip())
    if len(names) > 1 and all(is_plain(name) for name in names if name):
        message = f"{text!r} is one pattern, not a list of names"
        return Defect(Severity.ERROR, message, as_list(filter(None, names)), True)
    try:
        re.compile(text)
    except re.error as error:
        end = _PREFIX.sub("", text, count=1)
        code = _quoted(f".*{end}") if _WORD.fullmatch(end) else None
        return Defect(Severity.ERROR, f"{text!r} is no regular expression: {error}", code)
    return None


def defect_of_list(names: tuple[str, ...]) -> Defect | None:
    """Return what no module of any model is called in a list, None where there is nothing."""
    dead = [name for name in names if is_foreign(name) or _means_all_linear(name)]
    if not dead:
        return None
    severity = Severity.ERROR if len(dead) == len(names) else Severity.WARNING
    alone = len(names) == 1
    listed = ", ".join(repr(name) for name in dead)
    message = (
        f"a list holds names of modules, and {listed} {'is' if len(dead) == 1 else 'are'} none"
    )
    if any(_means_all_linear(name) for name in dead):
        return Defect(
            severity,
            f"{message}: {_ALL_LINEAR!r} is written without a list",
            f'"{_ALL_LINEAR}"',
            alone,
        )
    meant = [part for name in names for part in (meant_names(name) if name in dead else [name])]
    code = as_list(meant) if all(map(is_plain, meant)) else None
    # Of the names that a pattern stands for there may be more.
    separated = all(not _FOREIGN & {*name} - {*", "} for name in dead)
    return Defect(severity, message, code, separated and severity is Severity.ERROR)


def outer_names(text: str) -> OuterNames | None:
    """Return what a pattern says of names without a dot, None where nothing is certain."""
    if not text or _means_all_linear(text):
        return None
    inside = text.strip("^$")
    if inside.startswith("(") and inside.endswith(")") and inside.count("(") == 1:
        inside = inside[1:-1].removeprefix("?:")
    parts = inside.split("|")
    dead = tuple(part for part in parts if _WORD.fullmatch(part))
    if len(dead) == len(parts):
        return OuterNames(text, dead, ())
    live = tuple(part for part in parts if part not in dead)
    # Brackets may hold a bar, and then the parts are none.
    closed = all(_NESTING.isdisjoint(part.replace(r"\.", "")) for part in live)
    return OuterNames(text, dead, live) if dead and closed and inside == text else None


def is_foreign(name: str) -> bool:
    """Return whether no module can be called so: it is a pattern, several names, or a weight."""
    weight = name.endswith(_WEIGHTS) and "parametrizations" not in name
    return bool(_FOREIGN & {*name}) or weight


def _means_all_linear(text: str) -> bool:
    return re.sub(r"[-_\s]", "", text.lower()) in _ALL_LINEAR_WORDS


def meant_names(name: str) -> list[str]:
    """Return the names that a dead one stands for."""
    for ending in _WEIGHTS:
        name = name.removesuffix(ending)
    pattern = _PREFIX.match(name)
    # `.*_proj` stands for the end of a name, which no list can.
    name = name[pattern.end() :] if pattern and name[pattern.end()] != "_" else name
    return [part for part in re.split(r"[,\s]+", name.strip()) if part]


def _quoted(text: str) -> str:
    return f'r"{text}"' if "\\" in text else f'"{text}"'
