"""The `peft-lint` program."""

from __future__ import annotations

import os
import sys

from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    from peft_lint import cli

    code = cli.main(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()
    # To take everything apart, object by object, would be a seventh of a short run.
    os._exit(code)


if __name__ == "__main__":
    main()
