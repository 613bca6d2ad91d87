"""A rule's page, and what of it people read."""

from __future__ import annotations

import os
import re
import sys

from peft_lint.lean import TYPE_CHECKING
from peft_lint.rulebook import RuleInfo

if TYPE_CHECKING:
    from typing import Any

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
# What a fence says to the tests means nothing to a reader, nor do the columns of a mark.
_FENCE = re.compile(r"^([ \t]*```python)[^\n]*$", re.MULTILINE)
_MARK = re.compile(r"(# PEF\d{3}) \[\d+:\d+\]")


def page(rule: RuleInfo) -> str:
    """Return the text of a rule's page; raise FileNotFoundError if this copy ships without."""
    # In a wheel the pages lie inside the package, in a checkout beside it.
    for folder in ("rule_pages", os.path.join(os.pardir, "rules")):
        path = os.path.join(_PACKAGE, folder, f"{rule.code}-{rule.name}.md")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as stream:
                return stream.read()
    raise FileNotFoundError(f"the page of {rule.code} is missing from this installation")


def explanation(rule: RuleInfo) -> str:
    """Return the page without its cases, and with its links; FileNotFoundError as of `page`."""
    body, links = parts(rule)
    text = plain(body.partition("\n# Cases\n")[0].strip())
    return "\n".join([text, "", *links]) if links else text


def parts(rule: RuleInfo) -> tuple[str, list[str]]:
    """Return the body of a page, and its links as a list of Markdown."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    _, front, body = page(rule).split("+++\n", 2)
    matter: dict[str, Any] = tomllib.loads(front)
    return body, [f"- <{address}>" for address in matter.get("references", ())]


def plain(text: str) -> str:
    """Return Markdown without what its code blocks say to the tests alone."""
    return _MARK.sub(r"\1", _FENCE.sub(r"\1", text))
