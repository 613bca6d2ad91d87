"""PEF112: a keyword beside the path of a config that is read; the file's value wins."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import AdapterLoaded, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Config, Node
from peft_lint.lean import TYPE_CHECKING
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

# Fields that every adapter_config.json holds, since the first releases. The task type is not
# among them here: who repeats it repeats what the file says.
_SAVED = (
    "inference_mode",
    "base_model_name_or_path",
    "r",
    "lora_alpha",
    "lora_dropout",
    "target_modules",
    "modules_to_save",
    "bias",
    "fan_in_fan_out",
)


class Rule:
    """Looks at configs that were read, where they meet a model; they may have been edited."""

    def __init__(self) -> None:
        # None where some world edits what others leave as it was read.
        self._found: dict[Node, Suspicion | None] = {}

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Look at the config of a fresh adapter."""
        self._look(event.config, event.node, _SAVED, scene)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Look at a config that is passed with a path; there `is_trainable` sets the mode."""
        for name, value in event.keywords:
            config = scene.world.state(value)
            if name == "config" and isinstance(config, Config):
                self._look(config, event.node, _SAVED[1:], scene)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found."""
        yield from (one for one in self._found.values() if one is not None)

    def _look(self, config: Config, use: Node, fields: tuple[str, ...], scene: Scene) -> None:
        if config.source is None or config.escaped or config.reported:
            self._found[config.node] = None
            return
        given = [word for word in config.node.keywords if word.arg in fields]
        lost = [word for word in given if word.arg not in config.edited and _differs(word)]
        if not lost:
            if given:
                self._found[config.node] = None
            return
        self._found.setdefault(config.node, _suspicion(config, use, lost, scene))


def _differs(word: ast.keyword) -> bool:
    """Return whether a value may differ from the file's: what is saved is for inference."""
    if word.arg != "inference_mode":
        return True
    return isinstance(word.value, ast.Constant) and word.value.value is False


def _suspicion(config: Config, use: Node, lost: list[ast.keyword], scene: Scene) -> Suspicion:
    names = " and ".join(f"{word.arg}=" for word in lost)
    verb = "have" if len(lost) > 1 else "has"
    assigned = _assigned_name(config.node, scene)
    proposals: tuple[Proposal, ...] = ()
    if assigned is not None:
        visitor = AssignInstead(assigned, config.node, lost)
        title = "Set it on the config that was read"
        proposals = (Proposal(title, Applicability.UNSAFE, visitor, (config.node,)),)
    return Suspicion(
        code="PEF112",
        severity=Severity.ERROR,
        message=f"{names} {verb} no effect here: what the checkpoint's config says wins",
        anchor=config.node,
        story=(
            (config.node, "the config is read here, and the keyword is overwritten by the file"),
            (use, "and it is used here as it was saved"),
        ),
        # An adapter that is frozen for want of the keyword is this rule's.
        cause=use,
        proposals=proposals,
    )


def _assigned_name(call: ast.Call, scene: Scene) -> str | None:
    """Return the name that the document gives to what a call returns."""
    for node in scene.document.nodes:
        if isinstance(node, ast.Assign) and node.value is call and len(node.targets) == 1:
            return scene.document.source(node.targets[0])
    return None


class AssignInstead:
    """Rewrite `c = read(path, r=8)` as `c = read(path)` and `c.r = 8` below it."""

    def __init__(self, name: str, call: ast.Call, lost: list[ast.keyword]) -> None:
        self._name = name
        self._call = call
        self._lost = lost

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Take the keywords away, and insert the assignments."""
        from peft_lint.syntax.calls import remove_keyword

        for word in self._lost:
            updated = remove_keyword(updated, word.arg or "")
            value = rewriting.source(word.value)
            rewriting.insert_after(self._call, f"{self._name}.{word.arg} = {value}")
        return updated
