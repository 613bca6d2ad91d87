"""Write peft_lint/rules/index.json from the rule pages; with --check only compare."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "rules"
INDEX = ROOT / "peft_lint" / "rules" / "index.json"

_FRONT_MATTER = re.compile(r"\A\+\+\+\n(.*?)^\+\+\+\n", re.DOTALL | re.MULTILINE)
_SUMMARY = re.compile(r"^# What it does\n+(.+?[.!?])(?=\s)", re.DOTALL | re.MULTILINE)
# In the order of the index; `references` are for readers of the page only.
_KEYS: dict[str, type] = {
    "code": str,
    "name": str,
    "category": str,
    "severity": list,
    "words": list,
    "fixes": list,
    "since": str,
    "preview": bool,
    "libraries": dict,
    "yields-to": list,
    "references": list,
}


class PageError(Exception):
    """A rule page that cannot be indexed, with what to do about it."""


def entry(page: Path) -> dict[str, Any]:
    """Return the index row of one rule page; raise PageError if it is not complete."""
    text = page.read_text("utf-8")
    front = _FRONT_MATTER.match(text)
    if front is None:
        raise PageError(f"{page.name}: must start with TOML between two +++ lines")
    try:
        data = tomllib.loads(front.group(1))
    except tomllib.TOMLDecodeError as error:
        raise PageError(f"{page.name}: front matter is not valid TOML: {error}") from None
    for key, kind in _KEYS.items():
        if not isinstance(data.get(key), kind):
            raise PageError(f"{page.name}: front matter needs `{key}` ({kind.__name__})")
    unknown = sorted(set(data) - set(_KEYS))
    if unknown:
        raise PageError(f"{page.name}: front matter has unknown keys: {', '.join(unknown)}")
    if page.name != f"{data['code']}-{data['name']}.md":
        raise PageError(f"{page.name}: file must be named {data['code']}-{data['name']}.md")
    summary = _SUMMARY.search(text)
    if summary is None:
        raise PageError(f"{page.name}: needs a sentence under `# What it does`")
    row = {key: data[key] for key in _KEYS if key != "references"}
    tool = data["category"] == "tool"
    row["module"] = "" if tool else _module(data["category"], data["name"])
    row["summary"] = " ".join(summary.group(1).split())
    return row


def _module(category: str, name: str) -> str:
    return f"peft_lint.rules.{category}.{name.replace('-', '_')}"


def index_text() -> str:
    """Return what index.json must hold."""
    rows = [entry(page) for page in sorted(PAGES.glob("PEF[0-9][0-9][0-9]-*.md"))]
    codes = [row["code"] for row in rows]
    twice = {code for code in codes if codes.count(code) > 1}
    if twice:
        raise PageError(f"two pages for one code: {', '.join(sorted(twice))}")
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the index, or with --check say whether it is up to date."""
    try:
        text = index_text()
    except PageError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments == ["--check"]:
        if INDEX.read_text("utf-8") == text:
            return 0
        print("peft_lint/rules/index.json is out of date: run `make index`", file=sys.stderr)
        return 1
    INDEX.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
