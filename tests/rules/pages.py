"""Reads a rule page: front matter, sections, fenced blocks with their info strings, markers."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parents[2] / "rules"
HEADINGS = (
    "What it does",
    "Why it is bad",
    "Example",
    "Use instead",
    "Fix safety",
    "Known limits",
    "Evidence",
    "References",
)
MARKERS = re.compile(r"(?:[ \t]*# PEF\d{3} \[\d+:\d+\])+[ \t]*$", re.MULTILINE)
MARKER = re.compile(r"# (PEF\d{3}) \[(\d+):(\d+)\]")
FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*(.*)")
HEADING = re.compile(r"(#{1,6})[ \t]+(.+?)[ \t]*#*$")


@dataclass(frozen=True)
class Marker:
    """A finding that a block announces: row and columns from 1, the end exclusive."""

    code: str
    row: int
    column: int
    end_column: int


@dataclass(frozen=True)
class Block:
    """One fenced block: `language` and `words` are its info string, `text` ends in a newline.

    `text` is as written, with markers; `line` is where it begins in the page, from 1.
    """

    language: str
    words: tuple[str, ...]
    text: str
    line: int

    @property
    def options(self) -> dict[str, str]:
        """Return the `key=value` words of the info string."""
        return dict(word.split("=", 1) for word in self.words if "=" in word)

    @property
    def source(self) -> str:
        """Return the text without markers: what is linted and run."""
        return MARKERS.sub("", self.text)

    @property
    def markers(self) -> list[Marker]:
        """Return the announced findings in the order of their places."""
        return [
            Marker(code, row, int(start), int(end))
            for row, line in enumerate(self.text.splitlines(), 1)
            if (found := MARKERS.search(line))
            for code, start, end in MARKER.findall(found.group())
        ]


@dataclass(frozen=True)
class Section:
    """A heading of any level with the prose and blocks up to the next heading."""

    title: str
    level: int
    text: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """One rule page. `matter` is its front matter, `sections` in the order of the page."""

    matter: dict[str, Any]
    sections: tuple[Section, ...]

    def section(self, title: str) -> Section:
        """Return the section `title`; KeyError if the page has none or several."""
        found = [section for section in self.sections if section.title == title]
        if len(found) != 1:
            raise KeyError(f"{len(found)} sections {title!r} on the page; write exactly one")
        return found[0]

    def script(self, title: str) -> str:
        """Return the source of the first python block in the section `title`."""
        for block in self.section(title).blocks:
            if block.language == "python":
                return block.source
        raise KeyError(f"no python block in the section {title!r}")


def parse(text: str) -> Page:
    """Read a page. ValueError, with the line, for a page that is not well formed."""
    lines = text.splitlines()
    if not lines or lines[0] != "+++" or "+++" not in lines[1:]:
        raise ValueError("line 1: a rule page starts with front matter between +++ lines")
    end = lines.index("+++", 1)
    matter = tomllib.loads("\n".join(lines[1:end]))
    sections: list[Section] = []
    title, level, prose, blocks = "", 0, [], []
    index = end + 1
    while index < len(lines):
        line = lines[index]
        if fence := FENCE.match(line):
            close = _closing_fence(lines, index, fence.group(1))
            language, *words = fence.group(2).split() or [""]
            body = "".join(f"{inner}\n" for inner in lines[index + 1 : close])
            blocks.append(Block(language, tuple(words), body, index + 2))
            index = close
        elif heading := HEADING.match(line):
            sections.append(Section(title, level, "\n".join(prose).strip(), tuple(blocks)))
            title, level, prose, blocks = heading.group(2), len(heading.group(1)), [], []
        else:
            prose.append(line)
        index += 1
    sections.append(Section(title, level, "\n".join(prose).strip(), tuple(blocks)))
    return Page(matter, tuple(sections[1:]))


def _closing_fence(lines: list[str], opening: int, fence: str) -> int:
    for index in range(opening + 1, len(lines)):
        if lines[index].rstrip() == fence:
            return index
    raise ValueError(f"line {opening + 1}: this block is never closed")


def read(path: Path) -> Page:
    """Read the page at `path`."""
    return parse(path.read_text("utf-8"))


def pages() -> dict[str, Path]:
    """Return the rule pages that exist, by code."""
    return {path.name[:6]: path for path in sorted(FOLDER.glob("PEF[0-9][0-9][0-9]-*.md"))}
