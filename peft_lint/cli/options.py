"""The options of the commands, read with argparse."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from peft_lint import __version__
from peft_lint.cli import UsageError
from peft_lint.finding import Severity
from peft_lint.lean import TYPE_CHECKING, Record
from peft_lint.options import OPTIONS, Option, check_value
from peft_lint.selection import did_you_mean
from peft_lint.settings import Settings, settings_from

if TYPE_CHECKING:
    from typing import Any, NoReturn

STDIN = "-"
FORMATS = ("full", "concise", "json", "sarif", "github", "gitlab", "junit", "rdjson")
SHELLS = ("bash", "zsh", "tcsh")
# Options of a settings file that have no meaning for a single run.
_FILE_ONLY = ("exclude", "extend-exclude", "unfixable", "extend-safe-fixes")
# What a message has that says itself what to do.
_HINTS = ("did you mean", "` lists them")
_COMMANDS = """\
commands:
  check PATH...       the default: `peft-lint PATH` is `peft-lint check PATH`
  rule CODE|NAME      explain one rule
  rules               list all rules
  symptoms [WORD...]  go from what you see to the rules that look for its cause
  trace FILE[:LINE]   say what is believed of every model at a line
  settings [FILE]     say which settings hold for a file, and where they come from
  knowledge LIBRARY NAME
                      say what is known of a name of peft, transformers or trl
  server              speak the language server protocol with an editor
  new-rule CODE NAME  begin a rule, in a checkout of peft-lint

A path that is named like a command needs `check` or `./` before it.
exit codes: 0 nothing at or above --fail-on, 1 findings, 2 usage, settings, IO or internal error
"""


class CheckOptions(Record):
    """What one `check` run was asked to do; `settings` are those of the command line."""

    paths: tuple[str, ...]
    settings: Settings
    config: str | None
    isolated: bool
    fix: bool
    unsafe_fixes: bool
    diff: bool
    output_format: str
    output_file: str | None
    fail_on: Severity
    exit_zero: bool
    force_exclude: bool
    stdin_filename: str | None
    baseline: str | None
    update_baseline: bool
    add_ignores: str | None
    statistics: bool
    watch: bool

    @property
    def fixes_stdin(self) -> bool:
        """Whether the fixed text of standard input goes to standard output."""
        return self.rewrites and not self.diff and STDIN in self.paths

    @property
    def creates_baseline(self) -> bool:
        """Whether this run writes a baseline where there was none."""
        path = self.baseline
        return path is not None and self.update_baseline and not os.path.exists(path)

    @property
    def rewrites(self) -> bool:
        """Whether this run changes files, or shows how it would."""
        return self.fix or self.diff or self.add_ignores is not None


def _formatter(prog: str) -> argparse.HelpFormatter:
    # With a width of its own it does not import shutil to ask the terminal.
    return argparse.RawDescriptionHelpFormatter(prog, width=96)


class Parser(argparse.ArgumentParser):
    """argparse, with one line per error and a guess at what was meant."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_formatter, **keywords)

    def parse(self, arguments: list[str]) -> argparse.Namespace:
        """Parse `arguments`; raise UsageError for one that has no place."""
        self._given = arguments
        namespace, left = self.parse_known_args(arguments)
        options, words = _parted(left)
        if options:
            self.error(self._unknown(options[0]))
        if words:
            # argparse takes those before the first option only.
            many = next((action for action in self._actions if action.nargs == "+"), None)
            if many is None:
                self.error(f"surplus argument `{words[0]}`")
            getattr(namespace, many.dest).extend(words)
        return namespace

    def error(self, message: str) -> NoReturn:
        """Raise UsageError, where argparse would print its own and end the program."""
        if "required" in message:
            # What is missing may have a slip in it, or stand behind one.
            options, _ = _parted(self._given)
            wrong = (text for text in options if text.partition("=")[0] not in self._known())
            message = next(map(self._unknown, wrong), message)
        message = message.replace("ignored explicit argument", "takes no value, but was given")
        hint = "" if any(map(message.__contains__, _HINTS)) else f" (see `{self.prog} --help`)"
        raise UsageError(message.removeprefix("argument ") + hint)

    def _print_message(self, message: str, file: Any = None) -> None:
        # argparse would say nothing of an output that takes nothing.
        (file or sys.stderr).write(message)

    def _known(self) -> list[str]:
        return [text for action in self._actions for text in action.option_strings]

    def _unknown(self, option: str) -> str:
        word = option.partition("=")[0]
        return f"unknown option `{word}`{did_you_mean(word, self._known())}"


def _parted(left: list[str]) -> tuple[list[str], list[str]]:
    """Return the options and the words of what argparse left over; behind `--` all are words."""
    end = left.index("--") if "--" in left else len(left)
    options = [text for text in left[:end] if text.startswith("-") and text != STDIN]
    words = [text for text in left[:end] if text not in options] + left[end + 1 :]
    return options, words


class _PrintCompletion(argparse.Action):
    """Prints the completions of a shell and ends the program, like --version."""

    def __call__(
        self, parser: argparse.ArgumentParser, _namespace: object, shell: Any, *_: object
    ) -> None:
        from peft_lint.cli.completion import script

        sys.stdout.write(script(shell))
        parser.exit()


def add_targets(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the release of a library."""
    group = parser.add_argument_group("target releases (else the project's own files decide)")
    for option in OPTIONS:
        if option.kind == "release":
            group.add_argument(f"--{option.key}", metavar="VERSION", type=_typed(option))


def targets(namespace: argparse.Namespace) -> dict[str, str]:
    """Return the target releases that were given, by option key."""
    keys = [option.key for option in OPTIONS if option.kind == "release"]
    values = {key: getattr(namespace, key.replace("-", "_")) for key in keys}
    return {key: value for key, value in values.items() if value is not None}


def parse_check(arguments: list[str]) -> CheckOptions:
    """Return what `peft-lint check` was asked to do."""
    parser = check_parser()
    namespace = parser.parse(arguments)
    _refuse_contradictions(parser, namespace)
    values: dict[str, Any] = targets(namespace)
    for option in OPTIONS:
        given = getattr(namespace, option.key.replace("-", "_"), None)
        if option.kind == "rules" and given is not None:
            values[option.key] = tuple(entry for entries in given for entry in entries)
        elif option.kind == "flag":
            values[option.key] = given
    return CheckOptions(
        paths=tuple(namespace.paths),
        settings=settings_from(os.getcwd(), values),
        config=namespace.config,
        isolated=namespace.isolated,
        fix=namespace.fix,
        unsafe_fixes=namespace.unsafe_fixes,
        diff=namespace.diff,
        output_format=namespace.output_format,
        output_file=namespace.output_file,
        fail_on=Severity(namespace.fail_on),
        exit_zero=namespace.exit_zero,
        force_exclude=namespace.force_exclude,
        stdin_filename=namespace.stdin_filename,
        baseline=namespace.baseline,
        update_baseline=namespace.update_baseline,
        add_ignores=namespace.add_ignores,
        statistics=namespace.statistics,
        watch=namespace.watch,
    )


def _refuse_contradictions(parser: Parser, namespace: argparse.Namespace) -> None:
    """End with a usage error where an option lacks its partner, or meets one that it excludes."""
    if namespace.update_baseline and namespace.baseline is None:
        parser.error("--update-baseline needs --baseline FILE")
    if namespace.watch and (namespace.update_baseline or namespace.add_ignores is not None):
        parser.error("--watch goes without --update-baseline and --add-ignores")
    if namespace.watch and STDIN in namespace.paths:
        parser.error("--watch needs paths: standard input is read once")
    if namespace.unsafe_fixes and not (namespace.fix or namespace.diff):
        parser.error("--unsafe-fixes needs --fix or --diff")
    if namespace.stdin_filename is not None and STDIN not in namespace.paths:
        parser.error("--stdin-filename needs the path -, which stands for standard input")
    if namespace.statistics and namespace.output_format != "full":
        parser.error("--statistics is a report of its own: it goes without --output-format")
    if namespace.config is not None and namespace.isolated:
        parser.error("--isolated goes without --config")
    if namespace.add_ignores is not None and namespace.fix:
        parser.error("--add-ignores goes without --fix: first fix, then ignore what is left")


def check_parser() -> Parser:
    """Return the parser of `peft-lint check`."""
    parser = Parser(
        prog="peft-lint",
        usage="peft-lint [check] [options] PATH...",
        description="Follows the model through fine-tuning code and finds what fails silently.",
        epilog=_COMMANDS,
    )
    add = parser.add_argument
    add(
        "paths",
        metavar="PATH",
        nargs="+",
        type=named,
        help="files, folders, or - for standard input",
    )
    add("--version", action="version", version=f"peft-lint {__version__}")
    add(
        "--print-completion",
        choices=SHELLS,
        action=_PrintCompletion,
        help="print what this shell needs to complete options, rules and paths",
    )
    _fixing(parser)
    _rules(parser)
    _output(parser)
    _adopting(parser)
    _files(parser)
    add_targets(parser)
    return parser


def _fixing(parser: Parser) -> None:
    add = parser.add_argument_group("fixing").add_argument
    add("--fix", action="store_true", help="apply safe fixes to the files")
    add("--unsafe-fixes", action="store_true", help="with --fix or --diff: unsafe fixes as well")
    add("--diff", action="store_true", help="print what --fix would change, write nothing")


def _rules(parser: Parser) -> None:
    title = "rules (codes, prefixes, names, ALL; separated by commas)"
    add = parser.add_argument_group(title).add_argument
    for option in OPTIONS:
        name = f"--{option.key}"
        if option.kind == "flag":
            add(name, action="store_true", help=option.help)
        elif option.kind == "rules" and option.key not in _FILE_ONLY:
            add(name, action="append", type=_typed(option), metavar="RULES", help=option.help)


def _output(parser: Parser) -> None:
    add = parser.add_argument_group("output").add_argument
    add("--output-format", choices=FORMATS, default="full")
    add("--output-file", metavar="FILE", type=named, help="write the report to FILE")
    add(
        "--fail-on",
        choices=[severity.value for severity in Severity],
        default=Severity.WARNING.value,
        help="the mildest severity that makes the exit code 1 (default: warning)",
    )
    add("--statistics", action="store_true", help="print how often each rule found something")
    add("--exit-zero", action="store_true", help="findings do not fail the run")


def _adopting(parser: Parser) -> None:
    add = parser.add_argument_group("adopting").add_argument
    add("--baseline", metavar="FILE", type=named, help="leave out the findings kept in FILE")
    add(
        "--update-baseline",
        action="store_true",
        help="make the baseline, or drop from it what is gone; it never grows",
    )
    add(
        "--add-ignores",
        metavar="REASON",
        type=_reason,
        help="write a comment above every finding that ignores it for this reason",
    )


def _files(parser: Parser) -> None:
    add = parser.add_argument_group("files and settings").add_argument
    add("--config", metavar="FILE", type=named, help="use this settings file for every path")
    add("--isolated", action="store_true", help="use no settings file")
    # Accepted before there is a cache, so that scripts which want none need no change then.
    add("--no-cache", action="store_true", help="analyse every file anew; nothing is kept so far")
    add("--force-exclude", action="store_true", help="leave out excluded files even if named")
    add("--stdin-filename", metavar="FILE", type=named, help="the name of standard input")
    add("--watch", action="store_true", help="check again when something changes, until Ctrl-C")


def named(text: str) -> str:
    """Return the name of a file, which a variable of a shell may have left empty."""
    if not text:
        raise argparse.ArgumentTypeError("the name is empty")
    return text


def _reason(text: str) -> str:
    """Return the reason of a comment: one line with something in it."""
    if not text.strip() or not text.isprintable():
        raise argparse.ArgumentTypeError("the reason must be one line of text")
    return text.strip()


def _typed(option: Option) -> Callable[[str], str | list[str]]:
    """Return the reader of one option's text; argparse shows its message as the error."""

    def read(text: str) -> str | list[str]:
        listed = [entry.strip() for entry in text.split(",") if entry.strip()]
        value = listed if option.kind == "rules" else text
        if option.key == "select" and not listed:
            raise argparse.ArgumentTypeError("names no rule")
        try:
            check_value(option, value)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return value

    return read
