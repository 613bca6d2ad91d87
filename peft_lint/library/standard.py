"""What the standard library does to a world: `sys.exit` leaves the program."""

from __future__ import annotations

from peft_lint.interpreter.machine import DeadPath
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.registry import ANSWERS, function

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.values import Value


# With builtins: the same as `sys.exit`, and what may do anything.
ANSWERS.update(("exit", "_exit", "quit", "exec"))


@function("sys.exit", "os._exit", creates=False)
def leave(call: Call) -> Value:
    """Model the end of the program: no path goes on from here."""
    call.machine.exits.append(call.machine.world)
    raise DeadPath
