"""Write the index and the README's table of rules from the rule pages; --check only compares."""

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
README = ROOT / "README.md"
# A summary is one line of `peft-lint rules` and one cell of the README's table.
LONGEST_SUMMARY = 150

_FRONT_MATTER = re.compile(r"\A\+\+\+\n(.*?)^\+\+\+\n", re.DOTALL | re.MULTILINE)
_SUMMARY = re.compile(r"^# What it does\n+(?!#|\n)(.+?[.!?])(?=\s)", re.DOTALL | re.MULTILINE)
_TABLE_START, _TABLE_END = "<!-- rules -->", "<!-- end of rules -->"
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
    sentence = " ".join(summary.group(1).split())
    if len(sentence) > LONGEST_SUMMARY:
        raise PageError(
            f"{page.name}: the first sentence of `# What it does` has {len(sentence)} characters, "
            f"at most {LONGEST_SUMMARY} fit a table"
        )
    row = {key: data[key] for key in _KEYS if key != "references"}
    tool = data["category"] == "tool"
    row["module"] = "" if tool else _module(data["category"], data["name"])
    row["summary"] = sentence
    return row


def _module(category: str, name: str) -> str:
    return f"peft_lint.rules.{category}.{name.replace('-', '_')}"


def rows_of_pages() -> list[dict[str, Any]]:
    """Return the rows of all pages, by code."""
    rows = [entry(page) for page in sorted(PAGES.glob("PEF[0-9][0-9][0-9]-*.md"))]
    codes = [row["code"] for row in rows]
    twice = {code for code in codes if codes.count(code) > 1}
    if twice:
        raise PageError(f"two pages for one code: {', '.join(sorted(twice))}")
    return rows


def index_text(rows: list[dict[str, Any]]) -> str:
    """Return what index.json must hold."""
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def readme_text(rows: list[dict[str, Any]]) -> str:
    """Return the README with its table of rules as the pages say."""
    lines = ["| code | rule | severity | fix |", "|---|---|---|---|"]
    for row in rows:
        if row["category"] == "tool":
            continue
        page = f"rules/{row['code']}-{row['name']}.md"
        what = f"**[{row['name']}]({page})** {row['summary']}"
        severity = "preview" if row["preview"] else ", ".join(row["severity"])
        lines.append(f"| {row['code']} | {what} | {severity} | {', '.join(row['fixes']) or '-'} |")
    before, _, rest = README.read_text("utf-8").partition(_TABLE_START)
    _, end, after = rest.partition(_TABLE_END)
    if not end:
        raise PageError(f"README.md: needs the lines {_TABLE_START} and {_TABLE_END}")
    return "\n".join([before + _TABLE_START, *lines, _TABLE_END + after])


def main(arguments: list[str]) -> int:
    """Write index and table, or with --check say whether they are up to date."""
    try:
        rows = rows_of_pages()
        wanted = {INDEX: index_text(rows), README: readme_text(rows)}
    except PageError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments == ["--check"]:
        stale = [path for path, text in wanted.items() if path.read_text("utf-8") != text]
        for path in stale:
            print(f"{path.name} does not tell what the pages do: run `make index`", file=sys.stderr)
        return 1 if stale else 0
    for path, text in wanted.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
