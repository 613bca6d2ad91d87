"""How far a long run has come, in a line of the terminal that goes away again."""

from __future__ import annotations

import os
import sys
import time

# In seconds: shorter runs show nothing, and a line can be read before the next.
_PATIENCE, _PAUSE = 0.5, 0.1


class Progress:
    """Counts files on standard error, where that is a terminal; whoever writes clears it first."""

    def __init__(self) -> None:
        self._wanted = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._due = time.monotonic() + _PATIENCE
        self._shown = False

    def begin(self, number: int, total: int) -> None:
        """Say, if it is time to, that this file comes now."""
        if self._wanted and (now := time.monotonic()) >= self._due:
            self._write(f"\rpeft-lint: file {number} of {total}")
            self._due, self._shown = now + _PAUSE, True

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            # Carriage return, then erase to the end of the line.
            self._write("\r\x1b[K")
            self._shown = False

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
