"""Masks what IPython adds to Python in a cell: line for line, with words that Python takes."""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from peft_lint.lean import Record
from peft_lint.pieces import Piece

# Cell magics that run their body as Python, on the notebook's own names.
_IN_PLACE = frozenset("capture debug memit prun snakeviz scalene time timeit wandb".split())
# Those whose body may look like Python, but runs elsewhere or not at all.
_ELSEWHERE = frozenset(
    "bash file html javascript js latex markdown perl pypy python python2 python3 ruby script "
    "sh skip svg writefile".split()
)
_SHELLS = frozenset("bash sh script sx system !".split())
_CELL_MAGIC = re.compile(r"%%(?!\w+\?)(\S*)[^\r\n]*")
# Line magics that run the Python behind their options.
_RUNS = re.compile(r"%(?:time|timeit|prun|memit|snakeviz)(?:[ \t]+-\w+(?:[ \t]+\d+)?)*[ \t]+")
_SHELL_LINE = re.compile(r"!!?|%(?=(?:pip3?|conda|mamba|uv)\b)|%(?:sx|system)\b")
# Commands that IPython takes without a sign, where a cell holds nothing else.
_BARE = re.compile(
    r"\s*(?:pip3?|conda|mamba|uv|cd|ls|cat|cp|mv|rm|mkdir|pwd|env|matplotlib|autoreload|load_ext|"
    r"reload_ext|run)(?:[ \t].*)?\s*"
)
# What a cell holds somewhere that needs a closer look.
_SUSPECT = re.compile(r"(?m)^[ \t]*[%!?,;/]|=[ \t]*[%!]|\?[ \t]*\r?$|\A\s*(?:[ \t]\S|>>>|In \[\d)")
# How a copied session marks its first line, and all its lines.
_PROMPTS = (
    (re.compile(r">>>(?: |$)"), re.compile(r"(?:>>>|\.\.\.)(?: |$)")),
    (re.compile(r"In \[\d+\]: "), re.compile(r"In \[\d+\]: |\s*\.{3,}: ?")),
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_BLANK_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*")
_JOINED_LINES = re.compile(r"(?:[^\r\n]*\\(?:\r\n|\r|\n))*[^\r\n]*")
# A backslash on a line of its own joins the next one to nothing.
_ESCAPED = re.compile(r"[ \t]*(?:\\(?:\r\n|\r|\n)[ \t]*)*(?=[!%?,;/])")
# Runs another file, whose names are the notebook's then.
_RUN = re.compile(r"\s*%?run[ \t]")
_TOKEN = re.compile(
    r"(?P<long>'''(?:\\[\s\S]|(?!''')[\s\S])*'''"
    r"|\"\"\"(?:\\[\s\S]|(?!\"\"\")[\s\S])*\"\"\")"
    r"|(?P<string>'(?:\\[\s\S]|[^'\\\r\n])*'|\"(?:\\[\s\S]|[^\"\\\r\n])*\")"
    r"|(?P<comment>\#[^\r\n]*)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])"
    r"|(?P<joined>\\(?:\r\n|\r|\n))"
    r"|(?P<newline>\r\n|\r|\n)"
    r"|(?P<magic>(?<![=!<>:+\-*/%&|^@~])=(?!=)[ \t]*(?=!|%[A-Za-z_]))"
    r"|(?P<assign>(?<![=!<>:+\-*/%&|^@~])=(?!=))"
    r"|(?P<help>\?)"
    r"|(?P<code>[^'\"\#()\[\]{}\\\r\n=?]+|.)"
)


class Masked(Record):
    """A cell as Python: as many lines as the source, and what in it comes from where.

    `commands` are what the cell has the shell do, in order.
    """

    text: str
    pieces: tuple[Piece, ...]
    commands: tuple[str, ...] = ()


def mask(source: str) -> Masked:
    """Return the source of a cell with everything masked that only IPython understands."""
    if _SUSPECT.search(source):
        plain, lines = _without_prefixes(source)
        masker = _Masker(plain)
        masker.cell()
        masked = masker.result()
        return masked._replace(pieces=tuple(_in_source(masked.pieces, lines)))
    masker = _Masker(source)
    if _BARE.fullmatch(source) and _parsed(source) is None:
        masker.command(len(source))
    masker.keep(len(source))
    return masker.result()


def blanked(source: str) -> Masked:
    """Return as many empty lines as the source has, each as wide as its own."""
    masker = _Masker(source)
    masker.mask(len(source))
    return masker.result()


class _Masker:
    """A walk through a cell: `done` is how far it has come, `length` how much text is made."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.done = 0
        self.length = 0
        self._parts: list[str] = []
        self._pieces = [Piece(0, 0, 0)]
        self._commands: list[str] = []

    def result(self) -> Masked:
        pieces = (*self._pieces, Piece(self.length, self.length, self.done))
        return Masked("".join(self._parts), pieces, tuple(self._commands))

    def cell(self) -> None:
        """Mask a whole cell."""
        while self.done < len(self.source):
            if not self._cell_magic():
                break
        while self.done < len(self.source):
            if not self._escaped_line():
                self._statement()

    def keep(self, end: int) -> None:
        """Take the source up to `end` over as it is."""
        if end > self.done:
            length = end - self.done
            self._pieces.append(Piece(self.length, self.length + length, self.done))
            self._put(self.source[self.done : end], end)

    def mask(self, end: int, words: str | None = None) -> None:
        """Put `words` for the source up to `end`, or as many blanks; line ends stay."""
        start = self.done
        for match in _LINE_END.finditer(self.source, start, end):
            self._put(self._blanks(match.start(), words), match.start())
            self.keep(match.end())
            words = None
        self._put(self._blanks(end, words), end)

    def command(self, end: int) -> None:
        """Mask a statement that only IPython understands, and note what the shell does in it."""
        self._note(end, bare=True)
        self.mask(end, self._instead())

    def _instead(self) -> str:
        """Return the statement that does as much as the command that comes next."""
        return "exec('')" if _RUN.match(self.source, self.done) else "pass"

    def _blanks(self, end: int, words: str | None) -> str:
        return " " * (end - self.done) if words is None else words

    def _put(self, text: str, end: int) -> None:
        self._parts.append(text)
        self.length += len(text)
        self.done = end

    def _note(self, end: int, *, bare: bool = False) -> None:
        line = re.sub(r"\\\s*\n", " ", self.source[self.done : end]).strip()
        sign = _SHELL_LINE.match(line)
        if sign or bare:
            self._commands.append(line[sign.end() if sign else 0 :].strip())

    def _cell_magic(self) -> bool:
        """Mask the line of a cell magic that comes next, and a body that is no Python."""
        blank = _BLANK_LINES.match(self.source, self.done)
        start = blank.end() if blank else self.done
        match = _CELL_MAGIC.match(self.source, start)
        if match is None:
            return False
        self.keep(start)
        known = match[1] in _IN_PLACE | _ELSEWHERE
        self.mask(match.end(), None if known else _handed_over(self.source[match.end() :]))
        if match[1] not in _IN_PLACE:
            if match[1] in _SHELLS:
                body = self.source[self.done :].replace("\\\n", " ")
                self._commands += [line.strip() for line in body.splitlines()]
            self.mask(len(self.source))
        return True

    def _escaped_line(self) -> bool:
        """Mask a line that begins with a sign of IPython's; tell whether there was one."""
        match = _ESCAPED.match(self.source, self.done)
        if match is None:
            return False
        self.keep(match.end())
        end = self._joined_end()
        if not self._runs_python(end):
            self._note(end)
            self.mask(end, self._instead())
        self._statement()
        return True

    def _statement(self) -> None:
        """Keep a logical line, but for what a magic gives to a name, and calls for help."""
        start, position, depth, asked, assigned = self.done, self.done, 0, False, False
        while match := _TOKEN.match(self.source, position):
            kind, position = match.lastgroup, match.end()
            if kind == "newline" and depth <= 0:
                break
            depth += (kind == "open") - (kind == "close")
            if kind == "magic" and depth <= 0 and not assigned:
                self.keep(position)
                end = self._joined_end()
                if not self._runs_python(end):
                    self._note(end)
                    # Nothing is known of what it gives.
                    self.mask(end, "get_ipython()")
                position = self.done
            assigned = assigned or (kind in ("assign", "magic") and depth <= 0)
            if match[0].strip():
                asked = kind == "help"
        if asked:
            text = self.source[start:position]
            self.keep(start + len(text) - len(text.lstrip(" \t")))
            self.mask(start + len(text.rstrip("\r\n")), "pass")
        self.keep(position)

    def _runs_python(self, end: int) -> bool:
        """Mask a magic that runs the Python behind it up to there; tell whether it does."""
        match = _RUNS.match(self.source, self.done, end)
        if match is None or match.end() == end or not _parsed(self.source[match.end() : end]):
            return False
        self.mask(match.end(), "")
        return True

    def _joined_end(self) -> int:
        """Return the end of this line, and of those that backslashes join to it."""
        match = _JOINED_LINES.match(self.source, self.done)
        return match.end() if match else self.done


def _handed_over(body: str) -> str | None:
    """Return a statement that gives all names of a body to code out of view."""
    tree = _parsed(body)
    if tree is None:
        return None
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    used = ", ".join(sorted({node.id for node in names} - bound))
    return " = ".join([*sorted(bound), f"get_ipython({used})"])


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _without_prefixes(source: str) -> tuple[str, list[tuple[int, int]]]:
    """Take prompts, and the indent of the first line, off all lines that have them.

    Also return where each line begins in the result, and in the source.
    """
    starts = [0, *(match.end() for match in _LINE_END.finditer(source)), len(source)]
    lines = [source[low:high] for low, high in pairwise(starts)]
    first = next((line for line in lines if line.strip() and line.lstrip()[0] != "#"), "")
    code = first.lstrip(" \t")
    indent = first[: len(first) - len(code)]
    prompt = next((every for initial, every in _PROMPTS if initial.match(code)), None)
    kept: list[str] = []
    places = []
    made = 0
    for start, line in zip(starts, lines, strict=False):
        cut = len(indent) if line.startswith(indent) else 0
        match = prompt.match(line, cut) if prompt else None
        cut = match.end() if match else cut
        places.append((made, start + cut))
        kept.append(line[cut:])
        made += len(line) - cut
    return "".join(kept), places


def _in_source(pieces: Sequence[Piece], lines: list[tuple[int, int]]) -> Iterator[Piece]:
    """Yield the pieces with their places in the source, split where a line lost its prefix."""
    starts = [made for made, _ in lines]
    for start, end, low in pieces:
        high = low + end - start
        within = lines[bisect_right(starts, low) : bisect_left(starts, high)]
        inner = [made for made, source in within if made != source]
        for cut, until in pairwise([low, *inner, high]):
            made, source = lines[max(bisect_right(starts, cut) - 1, 0)]
            yield Piece(start + cut - low, start + until - low, source + cut - made)
