"""The `peft-lint` program."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return the exit code."""
    from peft_lint import cli

    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
