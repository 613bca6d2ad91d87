"""Which releases of PEFT and its neighbours a project uses, and how that is known."""

from peft_lint.versions.resolver import forget, resolve
from peft_lint.versions.target import LIBRARIES, Target

__all__ = ["LIBRARIES", "Target", "forget", "resolve"]
