"""How PEF401 is fixed: the adapter is loaded to be trained."""

from __future__ import annotations

import ast

from peft_lint.events import Wrapped
from peft_lint.finding import Applicability
from peft_lint.lean import TYPE_CHECKING
from peft_lint.rules.loading.trained_checkpoint_reinitialised_fix import LoadTrained
from peft_lint.suspicion import NoFix, Proposal

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


def thaw(wrap: Wrapped) -> tuple[Proposal, ...]:
    """Propose both things that can be meant: to train on, or to train anew."""
    anew = "Reset the config's inference_mode to train a new adapter"
    proposals = [Proposal(anew, Applicability.UNSAFE, ResetMode(wrap), (wrap.node,))]
    if wrap.how == "get_peft_model":
        on = "Load the trained adapter with is_trainable=True to train it further"
        proposals.insert(0, Proposal(on, Applicability.UNSAFE, TrainOn(wrap), (wrap.node,)))
    return tuple(proposals)


class TrainOn:
    """Rewrite `get_peft_model(base, config)` as a load of the adapter, to be trained."""

    def __init__(self, wrap: Wrapped) -> None:
        self._load = LoadTrained(wrap)

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Load the adapter instead, and add the keyword."""
        from peft_lint.syntax.calls import add_keyword

        call = self._load.leave_Call(original, updated, rewriting)
        return add_keyword(call, "is_trainable", "True")


class ResetMode:
    """Insert `config.inference_mode = False` before the wrap."""

    def __init__(self, wrap: Wrapped) -> None:
        self._wrap = wrap

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line, where the config has a name."""
        config = self._wrap.config_node
        if not isinstance(config, ast.Name):
            raise NoFix("the config has no name here")
        rewriting.insert_before(self._wrap.node, f"{config.id}.inference_mode = False")
