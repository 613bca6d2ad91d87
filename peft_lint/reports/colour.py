"""Terminal colours, and when to use them."""

from __future__ import annotations

import os
from collections.abc import Mapping

from peft_lint.finding import Severity
from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

BOLD = "1"
GUTTER = SECONDARY = "1;34"
FIX = "1;32"
SEVERITY: Mapping[Severity, str] = {
    Severity.ERROR: "1;31",
    Severity.WARNING: "1;33",
    Severity.INFO: "1;36",
}


class Paint:
    """Puts text into colours, or leaves it as it is."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled

    def __call__(self, style: str, text: str) -> str:
        """Return `text` in `style`, an SGR parameter; blanks need no colour."""
        if not self.enabled or not style or not text.strip():
            return text
        return f"\x1b[{style}m{text}\x1b[0m"


def wanted(stream: TextIO) -> bool:
    """Return whether `stream` should get colours: NO_COLOR, then FORCE_COLOR, then a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
