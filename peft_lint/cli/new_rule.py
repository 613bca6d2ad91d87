"""`peft-lint new-rule`: the skeleton of a rule, in a checkout of this project."""

from __future__ import annotations

import json
import os
import re
from string import Template

from peft_lint import __version__, files
from peft_lint.cli import UsageError
from peft_lint.cli.options import Parser

# What is still to be written says TODO, and a test fails while anything does.
_SKELETON = os.path.join("tools", "skeleton")
_INDEX = os.path.join("peft_lint", "rules", "index.json")


def parser() -> Parser:
    """Return the parser of `peft-lint new-rule`."""
    made = Parser(
        prog="peft-lint new-rule",
        description="Make page, module and proof of a new rule, in a checkout of peft-lint.",
    )
    made.add_argument("code", metavar="CODE", help="such as PEF123; its hundred is the category")
    made.add_argument("name", metavar="NAME", help="such as model-wrapped-twice")
    return made


def new_rule(arguments: list[str]) -> int:
    """Write page, module and proof of a rule that fails every test until it is written."""
    wanted = parser().parse(arguments)
    code, name = wanted.code, wanted.name
    if not re.fullmatch(r"PEF[0-9]{3}", code):
        raise UsageError(f"`{code}` is not a code such as PEF123")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise UsageError(f"`{name}` is not a name such as model-wrapped-twice")
    root = _checkout()
    category = _category(root, code)
    _refuse_taken(root, code, name)
    words = {"code": code, "lower": code.lower(), "name": name}
    words |= {"category": category, "since": __version__}
    module = f"peft_lint/rules/{category}/{name.replace('-', '_')}.py"
    made = {
        f"rules/{code}-{name}.md": "page.md",
        module: "module.py.txt",
        f"tests/proofs/test_{code.lower()}.py": "proof.py.txt",
    }
    for path in made:
        if os.path.exists(os.path.join(root, path)):
            raise UsageError(f"{path}: is there already")
    for path, skeleton in made.items():
        with open(os.path.join(root, _SKELETON, skeleton), encoding="utf-8") as stream:
            text = Template(stream.read()).substitute(words)
        files.write(os.path.join(root, path), text.encode())
        print(path)
    print("write what says TODO, then run `make index`; CONTRIBUTING.md tells the order")
    return 0


def _checkout() -> str:
    """Return the root of the checkout around the working directory."""
    folder = os.getcwd()
    while not os.path.isdir(os.path.join(folder, _SKELETON)):
        parent = os.path.dirname(folder)
        if parent == folder:
            raise UsageError("new-rule works inside a checkout of peft-lint only")
        folder = parent
    return folder


def _category(root: str, code: str) -> str:
    """Return the category that the rules of the same hundred belong to."""
    with open(os.path.join(root, _INDEX), encoding="utf-8") as stream:
        rows = json.load(stream)
    known: dict[str, str] = {
        row["code"][:4]: row["category"] for row in rows if row["category"] != "tool"
    }
    if code[:4] not in known:
        listed = ", ".join(f"{hundred} {category}" for hundred, category in known.items())
        raise UsageError(f"{code}: no category has codes {code[:4]}nn; there are {listed}")
    return known[code[:4]]


def _refuse_taken(root: str, code: str, name: str) -> None:
    for page in sorted(os.listdir(os.path.join(root, "rules"))):
        taken, _, known = page.removesuffix(".md").partition("-")
        if code == taken or name == known:
            raise UsageError(f"rules/{page}: takes `{code if code == taken else name}` already")
