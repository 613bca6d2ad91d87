"""What a release is asked with: `packaging.version`, and the metadata of distributions."""

from __future__ import annotations

from peft_lint.interpreter.releases import ATTRIBUTE, release_of
from peft_lint.interpreter.values import Value, derived
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.registry import ANSWERS, function

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call

# A function that asks for a release is followed: what it answers decides between branches.
ANSWERS.update((ATTRIBUTE, "Version", "parse", "parse_version"))


@function("importlib.version", "importlib_metadata.version", creates=False)
def release(call: Call) -> Value:
    """Model `importlib.metadata.version`, which is what the library itself says."""
    name = call.constant(0, "distribution_name")
    return release_of(name) if isinstance(name, str) else derived("call", *call.values())


@function("packaging.Version", "packaging.parse", "pkg_resources.parse_version", creates=False)
def version(call: Call) -> Value:
    """Model the reading of a version; what is a version already stays one."""
    return derived("release", *call.values())
