"""Pages of the site that are made from the rule pages: mkdocs runs this as a hook."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from peft_lint.rule_page import page, parts, plain
from peft_lint.rulebook import RuleInfo, all_rules
from peft_lint.symptoms import all_symptoms

# `{{ example PEF101 }}` in a page stands for the two blocks of that rule.
_EXAMPLE = re.compile(r"^\{\{ example (PEF\d{3}) \}\}$", re.MULTILINE)
_BLOCKS = re.compile(r"^# (Example|Use instead)\n+(```python.*?^```)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add one page per rule, their index, and the symptoms."""
    rules = [rule for rule in all_rules() if rule.category != "tool"]
    tool = [rule for rule in all_rules() if rule.category == "tool"]
    made = {f"rules/{rule.code}.md": _rule(rule) for rule in all_rules()}
    made["rules/index.md"] = _index(rules, tool)
    made["symptoms.md"] = _symptoms()
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put examples of rules where a page asks for them."""
    return _EXAMPLE.sub(lambda match: _example(match[1]), markdown)


def _example(code: str) -> str:
    rule = next(rule for rule in all_rules() if rule.code == code)
    blocks = dict(_BLOCKS.findall(page(rule)))
    return f"Before:\n\n{plain(blocks['Example'])}\n\nAfter:\n\n{plain(blocks['Use instead'])}"


def _rule(rule: RuleInfo) -> str:
    """Return a rule's page as people read it, with its facts above and its links below."""
    body, links = parts(rule)
    facts = [
        ("severity", ", ".join(severity.value for severity in rule.severity)),
        ("fix", ", ".join(fix.value for fix in rule.fixes) or "none"),
        ("libraries", ", ".join(f"{name} {releases}" for name, releases in rule.libraries.items())),
        ("since", rule.since),
        ("state", "preview" if rule.preview else "stable"),
    ]
    rows = "\n".join(f"| {name} | {value or '-'} |" for name, value in facts)
    body = plain("\n".join(_deeper(body.splitlines())))
    listed = "\n".join(links)
    return f"# {rule.code} {rule.name}\n\n| | |\n|---|---|\n{rows}\n\n{body.strip()}\n\n{listed}\n"


def _deeper(lines: list[str]) -> Iterator[str]:
    """Yield the lines with headings one level deeper: the page's own title takes the first."""
    inside = False
    for line in lines:
        inside ^= line.startswith("```")
        yield f"#{line}" if line.startswith("#") and not inside else line


def _index(rules: list[RuleInfo], tool: list[RuleInfo]) -> str:
    lines = ["# Rules", ""]
    for category in dict.fromkeys(rule.category for rule in rules):
        lines += [f"## {category.capitalize()}", "", *_table(rules, category)]
    return "\n".join([*lines, "## The tool itself", "", *_table(tool, "tool")])


def _table(rules: list[RuleInfo], category: str) -> list[str]:
    head = ["| code | name | finds | severity | fix |", "|---|---|---|---|---|"]
    rows = [
        f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.summary} | "
        f"{'preview' if rule.preview else ', '.join(one.value for one in rule.severity)} | "
        f"{', '.join(fix.value for fix in rule.fixes) or '-'} |"
        for rule in rules
        if rule.category == category
    ]
    return [*head, *rows, ""]


def _symptoms() -> str:
    lines = [
        "# Symptoms",
        "",
        "What people see, and the rules that find what may lie behind it. On the command line:",
        "`peft-lint symptoms`, or `peft-lint symptoms` with a few words of what you see.",
        "",
        "| what you see | what may lie behind it |",
        "|---|---|",
    ]
    names = {rule.code: rule.name for rule in all_rules()}
    for symptom in all_symptoms():
        links = "<br>".join(f"[{code} {names[code]}](rules/{code}.md)" for code in symptom.rules)
        lines.append(f"| {symptom.words} | {links} |")
    return "\n".join([*lines, ""])
