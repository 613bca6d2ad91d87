"""The command line: which command is meant, and what its failures look like."""

from __future__ import annotations

import gc
import os
import sys

COMMANDS = (
    "check",
    "rule",
    "rules",
    "trace",
    "symptoms",
    "settings",
    "knowledge",
    "server",
    "new-rule",
)


class UsageError(Exception):
    """What was asked for cannot be done; the message says why and what to do."""


def main(arguments: list[str]) -> int:
    """Run one command: 0 for nothing to report, 1 for findings, 2 for a failure.

    The first argument may be left out where it would be `check`.
    """
    # Short runs end before a collection would gain anything.
    gc.disable()
    _open_streams()
    from peft_lint.settings import SettingsError

    try:
        try:
            code = _run(arguments)
        except SystemExit as ended:
            # argparse has printed the help or the version.
            code = int(ended.code or 0)
        if not sys.stdout.closed:  # A server closes it with the conversation.
            sys.stdout.flush()
    except (UsageError, SettingsError) as error:
        complain(str(error))
        return 2
    except OSError as error:
        _close_streams()
        # Where the reader went away, as in `peft-lint . | head`, nobody wants to hear of it.
        if not isinstance(error, BrokenPipeError):
            place = f"{error.filename}: " if error.filename else ""
            complain(f"{place}{error.strerror or error}")
        return 2
    except KeyboardInterrupt:
        complain("interrupted")
        return 2
    except Exception:
        # Python would end with 1, which means findings.
        sys.excepthook(*sys.exc_info())
        return 2
    return code


def _open_streams() -> None:
    """Make sure that everything can be written, or at least lost without an error."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Closed by the caller, as in `peft-lint . >&-`.
            stream = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
            setattr(sys, name, stream)
        if hasattr(stream, "reconfigure"):
            # Any path and any source can be shown, whatever the terminal's encoding.
            stream.reconfigure(errors="backslashreplace")


def _close_streams() -> None:
    """Lead a stream that takes no more to nowhere, or its rest would fail again at the end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def complain(message: str) -> None:
    """Write one line about a failure; where nobody can read it, the exit code is left."""
    from peft_lint.reports import printable

    try:
        print(f"peft-lint: error: {printable(message)}", file=sys.stderr)
    except OSError:
        return


def _run(arguments: list[str]) -> int:
    named = bool(arguments) and arguments[0] in COMMANDS
    command, rest = (arguments[0], arguments[1:]) if named else ("check", arguments)
    if command == "check":
        from peft_lint.cli.options import parse_check

        options = parse_check(rest)
        if options.watch:
            from peft_lint.cli.watch import watch

            return watch(options)
        from peft_lint.cli.check import check

        return check(options)
    from importlib import import_module

    # Every other command is the function of its name, in a module of its own but for one.
    name = command.replace("-", "_")
    module = import_module(f"peft_lint.cli.{'rule' if name == 'rules' else name}")
    code: int = getattr(module, name)(rest)
    return code
