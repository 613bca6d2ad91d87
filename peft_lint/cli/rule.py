"""`peft-lint rule` and `peft-lint rules`: what the rules say."""

from __future__ import annotations

from peft_lint.cli import UsageError
from peft_lint.cli.options import Parser
from peft_lint.rule_page import explanation
from peft_lint.rulebook import RuleInfo, all_rules
from peft_lint.selection import find, spellings, unknown


def rule_parser() -> Parser:
    """Return the parser of `peft-lint rule`."""
    parser = Parser(prog="peft-lint rule", description="Explain one rule.")
    parser.add_argument("rule", metavar="CODE|NAME", help="such as PEF101 or head-not-saved")
    return parser


def rules_parser() -> Parser:
    """Return the parser of `peft-lint rules`."""
    return Parser(prog="peft-lint rules", description="List all rules.")


def rule(arguments: list[str]) -> int:
    """Print the page of one rule."""
    wanted = rule_parser().parse(arguments).rule
    found = find(wanted) or find(wanted.upper()) or find(wanted.lower())
    if found is None:
        raise UsageError(unknown(wanted, spellings()))
    try:
        text = explanation(found)
    except FileNotFoundError as error:
        raise UsageError(str(error)) from None
    print(f"{found.code} {found.name}\n{_facts(found)}\n\n{text}")
    return 0


def rules(arguments: list[str]) -> int:
    """Print one line for each rule."""
    rules_parser().parse(arguments)
    width = max(len(rule.name) for rule in all_rules())
    for rule in all_rules():
        preview = " (preview)" if rule.preview else ""
        worst = rule.severity[0].value
        print(f"{rule.code}  {rule.name:{width}}  {worst:7}  {rule.summary}{preview}")
    return 0


def _facts(rule: RuleInfo) -> str:
    severity = " or ".join(severity.value for severity in rule.severity)
    fixes = " or ".join(fix.value for fix in rule.fixes) or "none"
    parts = [f"severity: {severity}", f"fix: {fixes}", f"since {rule.since}"]
    parts += [f"{library} {releases}" for library, releases in rule.libraries.items()]
    return " · ".join([*parts, "preview"] if rule.preview else parts)
