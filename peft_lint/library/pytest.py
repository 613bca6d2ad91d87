"""What pytest's helpers tell: which code a test expects to raise."""

from __future__ import annotations

from peft_lint.interpreter.values import ContextManager, Value
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.registry import function

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call


@function("pytest.raises", creates=False)
def raises(call: Call) -> Value:
    """Model `with pytest.raises(...)`: what goes wrong inside is meant to."""
    return ContextManager("raises")
