"""The releases that a notebook installs for itself, from its shell commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from peft_lint.versions.declared import Ranges, either
from peft_lint.versions.requirement import Requirement, alternatives, from_conda, from_pep508

# What may stand before the installer's own name.
_PREFIXES = frozenset(("sudo", "python", "python3", "{sys.executable}", "-m", "uv"))
_PIP = frozenset(("pip", "pip3"))
_CONDA = frozenset(("conda", "mamba", "micromamba"))
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=\S*")


def of_commands(commands: Iterable[str]) -> Ranges:
    """Return the ranges that `pip install` and `conda install` ask for.

    Several commands for one library are alternatives: which of them ran is not known.
    """
    return either(alternatives(found) for found in map(_of_command, commands) if found)


def _of_command(command: str) -> list[Requirement]:
    return [made for words in _parts(command) for made in _installed(words)]


def _parts(command: str) -> Iterator[list[str]]:
    """Yield the words of each simple command in a line of shell."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words: list[str] = []
    try:
        for word in lexer:
            if word and set(word) <= set("();<>|&"):
                yield words
                words = []
            else:
                words.append(word)
    except ValueError:
        return  # An open quote: nothing is known of the rest.
    yield words


def _installed(words: list[str]) -> Iterator[Requirement]:
    rest = list(words)
    while rest and (rest[0] in _PREFIXES or _ASSIGNMENT.fullmatch(rest[0])):
        del rest[0]
    if len(rest) < 3 or "install" not in rest[1:3]:
        return
    read = from_pep508 if rest[0] in _PIP else from_conda if rest[0] in _CONDA else None
    for word in rest[rest.index("install") + 1 :] if read else ():
        made = None if word.startswith("-") or read is None else read(word)
        if made is not None and made.specifier:
            yield made
