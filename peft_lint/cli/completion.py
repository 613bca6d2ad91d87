"""`--print-completion`: what a shell needs to complete our command line, made by shtab."""

from __future__ import annotations

from collections.abc import Mapping

from peft_lint.cli import UsageError, knowledge, new_rule, server, settings, symptoms, trace
from peft_lint.cli.options import Parser, check_parser
from peft_lint.cli.rule import rule_parser, rules_parser
from peft_lint.selection import spellings

_MAKERS = {
    "check": check_parser,
    "rule": rule_parser,
    "rules": rules_parser,
    "trace": trace.parser,
    "symptoms": symptoms.parser,
    "settings": settings.parser,
    "knowledge": knowledge.parser,
    "server": server.parser,
    "new-rule": new_rule.parser,
}
_FILES = {"PATH", "FILE", "FILE[:LINE]"}
# shtab knows no first argument that may be left out: as on the command line itself it is
# `check` then, which these put in before shtab's own function looks at the words.
_BASH = """
_peft_lint() {
  local named="$COMMANDS" first=$COMP_CWORD word="${COMP_WORDS[COMP_CWORD]}"
  if [[ $first -eq 1 || " $named " != *" ${COMP_WORDS[1]} "* ]]; then
    COMP_WORDS=("${COMP_WORDS[0]}" check "${COMP_WORDS[@]:1}")
    COMP_CWORD=$((COMP_CWORD + 1))
  fi
  _shtab_peft_lint
  if [[ $first -eq 1 ]]; then
    COMPREPLY+=($(compgen -W "$named" -- "$word"))
  fi
}
complete -o bashdefault -F _peft_lint peft-lint
"""
_BASH_RULES = """
# What stands before the last comma stays.
_peft_lint_rules() {
  compgen -P "${1%"${1##*,}"}" -W "$RULES" -- "${1##*,}"
}
"""
_ZSH = """
_peft_lint_rules() {
  _sequence compadd - $RULES
}
functions[_peft_lint_named]=$functions[_shtab_peft_lint]
_shtab_peft_lint() {
  local -a named=($COMMANDS)
  if (( CURRENT == 2 )); then
    compadd -- $named
  fi
  if (( CURRENT == 2 || ! ${named[(Ie)$words[2]]} )); then
    words=($words[1] check "${words[@]:1}")
    (( CURRENT += 1 ))
  fi
  _peft_lint_named "$@"
}
"""


def script(shell: str) -> str:
    """Return the text that the shell has to run; raise UsageError where shtab is missing."""
    try:
        import shtab
    except ModuleNotFoundError as error:
        if error.name != "shtab":
            raise
        message = "completions need shtab: install peft-lint[completion]"
        raise UsageError(message) from None
    rules = spellings()
    selectors = " ".join(["ALL", *rules])
    words = {"$COMMANDS": " ".join(_MAKERS), "$RULES": selectors}
    completed = {
        "bash": "_peft_lint_rules",
        "zsh": "_peft_lint_rules",
        "tcsh": f"({selectors})",
        "preamble": {"bash": _filled(_BASH_RULES, words)},
    }
    root = Parser(prog="peft-lint")
    commands = root.add_subparsers()
    for name, make in _MAKERS.items():
        made = make()
        parser = commands.add_parser(
            name,
            parents=[made],
            add_help=False,
            help=made.description,
            description=made.description,
        )
        for action in parser._actions:
            if action.metavar in _FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif action.metavar == "RULES":
                action.complete = completed  # type: ignore[attr-defined]
            elif action.metavar == "CODE|NAME":
                action.choices = rules
            elif action.metavar == "LIBRARY":
                action.choices = knowledge.LIBRARIES
    own = _filled({"bash": _BASH, "zsh": _ZSH}.get(shell, ""), words)
    if shell == "zsh":
        # shtab's `(*)` lets one path exclude all further ones.
        return shtab.complete(root, shell, preamble=own).replace('"(*):', '"*:')
    return f"{shtab.complete(root, shell)}{own}\n"


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(name, value)
    return text
