"""`peft-lint server`: the language server on standard input and output."""

from __future__ import annotations

import signal
import sys

from peft_lint.cli import UsageError
from peft_lint.cli.options import Parser


def parser() -> Parser:
    """Return the parser of `peft-lint server`."""
    return Parser(
        prog="peft-lint server",
        description="Speak the language server protocol on standard input and output.",
    )


def server(arguments: list[str]) -> int:
    """Serve one editor until it ends the conversation or goes away."""
    parser().parse(arguments)
    try:
        from peft_lint.server.app import make
    except ModuleNotFoundError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        raise UsageError("the server needs pygls: install peft-lint[lsp]") from None
    if sys.stdin.isatty():
        # The thread that waits for input would not hear of it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        print("peft-lint: waiting for an editor on standard input, Ctrl-C ends it", file=sys.stderr)
    make().start_io()
    return 0
