"""`peft-lint settings`: what holds for a file, and where each value comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from peft_lint import sources
from peft_lint.cli import UsageError
from peft_lint.cli.options import Parser
from peft_lint.document import Document, DocumentError
from peft_lint.options import OPTIONS, TABLES, schema
from peft_lint.plan import make_plan
from peft_lint.settings import Settings, nearest, places
from peft_lint.versions import LIBRARIES, resolve

DEFAULT = "default"


def parser() -> Parser:
    """Return the parser of `peft-lint settings`."""
    made = Parser(
        prog="peft-lint settings",
        description="Say which settings hold for a file, and where each value comes from.",
    )
    made.add_argument("path", metavar="FILE", nargs="?", help="a file or folder, default: here")
    made.add_argument(
        "--schema", action="store_true", help="print the JSON schema of the settings instead"
    )
    return made


def settings(arguments: list[str]) -> int:
    """Print every option with its value for one file, the releases, and the rules that run."""
    wanted = parser().parse(arguments)
    if wanted.schema:
        print(json.dumps(schema(), indent=2))
        return 0
    path = wanted.path or "."
    if not os.path.exists(path):
        raise UsageError(f"{path}: no such file or folder")
    rows = [*_options(path), *_releases(path), _rules(path)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, value, source in rows:
        print(f"{name:{widths[0]}}  {value:{min(widths[1], 48)}}  {source}".rstrip())
    return 0


def _held(path: str) -> Settings:
    full = os.path.abspath(path)
    return nearest(full if os.path.isdir(full) else os.path.dirname(full))


def _options(path: str) -> Iterator[tuple[str, str, str]]:
    """Yield the options but the releases, which have sources of their own as well."""
    held = _held(path)
    where = places(held.source) if held.source else {}
    for option in OPTIONS:
        if option.kind != "release":
            value = getattr(held, option.key.replace("-", "_"))
            shown = "{}" if value == () and option.kind in TABLES else _shown(value)
            yield option.key, shown, where.get(option.key, DEFAULT)


def _shown(value: object) -> str:
    """Return a value as TOML would write it."""
    if isinstance(value, tuple):
        if value and isinstance(value[0], tuple):
            pairs = (f"{json.dumps(key)} = {_shown(entry)}" for key, entry in value)
            return f"{{ {', '.join(pairs)} }}"
        return json.dumps(list(value), ensure_ascii=False)
    return "-" if value is None else json.dumps(value, ensure_ascii=False)


def _releases(path: str) -> Iterator[tuple[str, str, str]]:
    held = _held(path)
    where = places(held.source) if held.source else {}
    document = None if os.path.isdir(path) else _document(path)
    # Of a folder: for any file in it.
    inside = os.path.join(path, "-") if os.path.isdir(path) else path
    text, commands = (document.text, document.commands) if document else ("", ())
    target = resolve(inside, dict(held.targets), text, commands)
    for library in LIBRARIES:
        key = f"target-{library}"
        yield key, target.release(library), where.get(key, target.source(library))


def _document(path: str) -> Document | None:
    """Return the first document of a file, which may say itself what it needs, if it has any."""
    try:
        with open(path, "rb") as stream:
            return sources.read(stream.read(), path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (DocumentError, sources.UnreadableError):
        return None


def _rules(path: str) -> tuple[str, str, str]:
    held = _held(path)
    plan = make_plan(held, Settings(root=held.root)).at(path)
    codes = " ".join(rule.code for rule in plan.rules)
    return "rules that run", codes, ""
