"""`peft-lint symptoms`: from what somebody sees to the rules that look for its cause."""

from __future__ import annotations

from peft_lint.cli.options import Parser
from peft_lint.rulebook import all_rules
from peft_lint.symptoms import all_symptoms, matching


def parser() -> Parser:
    """Return the parser of `peft-lint symptoms`."""
    made = Parser(
        prog="peft-lint symptoms",
        description="Say which rules find what may lie behind something that you see.",
    )
    made.add_argument("words", metavar="WORD", nargs="*", help="words of what you see")
    return made


def symptoms(arguments: list[str]) -> int:
    """Print the symptoms, all or those that share words with the arguments, and their rules."""
    wanted = parser().parse(arguments).words
    shown = matching(" ".join(wanted)) if wanted else all_symptoms()
    if not shown:
        print("no symptom is described in these words: `peft-lint symptoms` lists all")
        return 0
    names = {rule.code: rule.name for rule in all_rules()}
    blocks = [
        "\n".join([symptom.words, *(f"  {code}  {names[code]}" for code in symptom.rules)])
        for symptom in shown
    ]
    print("\n\n".join(blocks))
    return 0
