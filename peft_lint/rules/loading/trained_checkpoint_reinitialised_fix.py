"""How PEF101 is fixed: the trained adapter is loaded instead."""

from __future__ import annotations

import ast

from peft_lint.events import Wrapped
from peft_lint.finding import Applicability
from peft_lint.interpreter.objects import Node
from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import NoFix, Proposal

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.rules.loading.trained_checkpoint_reinitialised import Candidate
    from peft_lint.syntax.rewriting import Rewriting

# Keywords of PeftConfig.from_pretrained that say where the checkpoint is.
_WHERE = ("subfolder", "revision", "token", "cache_dir", "use_auth_token")


def _keywords(node: Node) -> list[ast.keyword]:
    return node.keywords if isinstance(node, ast.Call) else []


def proposals(candidate: Candidate, applicability: Applicability) -> tuple[Proposal, ...]:
    """Return the fix that suits the call which makes the adapter."""
    event = candidate.event
    targets = (event.node,)
    if event.how == "add_adapter":
        title = "Load the trained adapter with load_adapter"
        return (Proposal(title, Applicability.UNSAFE, LoadIntoPlainModel(event), targets),)
    if event.how not in ("get_peft_model", "PeftModel"):
        return ()
    if candidate.already_loaded:
        title = "Keep the model that carries the trained adapter already"
        return (Proposal(title, Applicability.UNSAFE, KeepBase(event), targets),)
    title = "Load the trained adapter with PeftModel.from_pretrained"
    return (Proposal(title, applicability, LoadTrained(event), targets),)


class LoadTrained:
    """Rewrite `get_peft_model(base, config)` as `PeftModel.from_pretrained(base, ID)`.

    `PeftModel(base, config)` likewise, with the class that it spells.
    """

    def __init__(self, event: Wrapped) -> None:
        self._event = event

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Change the function and the config argument; every other argument stays."""
        import libcst as cst

        event, source = self._event, self._event.config.source_node
        if source is None or event.config_node is None or not event.complete:
            raise NoFix("the checkpoint's id is not spelled out")
        mixed = any(word.arg == "mixed" for word in _keywords(event.node))
        if mixed:
            raise NoFix("a mixed model is loaded by another class")
        if event.how == "PeftModel":
            spelled = rewriting.code(updated.func)
        else:
            spelled = rewriting.spelling("peft.PeftModel")
        arguments: list[cst.Arg] = []
        for position, argument in enumerate(updated.args):
            name = argument.keyword.value if argument.keyword else None
            is_config = name == "peft_config" or (name is None and position == 1)
            if is_config:
                value = rewriting.expression(rewriting.copy(source, event.node))
                keyword = cst.Name("model_id") if name else None
                arguments.append(argument.with_changes(value=value, keyword=keyword))
            else:
                arguments.append(argument)
        call = updated.with_changes(
            func=rewriting.expression(f"{spelled}.from_pretrained"), args=arguments
        )
        return _with_keywords(call, event, rewriting)


def _with_keywords(call: cst.Call, event: Wrapped, rewriting: Rewriting) -> cst.Call:
    """Carry over where the checkpoint is, and a config that was edited since."""
    from peft_lint.syntax.calls import add_keyword

    for word in _keywords(event.config.node):
        if word.arg in _WHERE:
            call = add_keyword(call, word.arg, rewriting.copy(word.value, event.node))
    if event.config.edited and event.config_node is not None:
        call = add_keyword(call, "config", rewriting.source(event.config_node))
    return call


class KeepBase:
    """Rewrite `get_peft_model(base, config)` as `base`."""

    def __init__(self, event: Wrapped) -> None:
        self._event = event

    def leave_Call(
        self, original: cst.Call, updated: cst.Call, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Return the first argument."""
        base = self._event.base_node
        if base is None:
            raise NoFix("the model is not spelled out")
        return rewriting.expression(rewriting.copy(base, self._event.node))


class LoadIntoPlainModel:
    """Rewrite `model.add_adapter(config)` as `model.load_adapter(ID)`."""

    def __init__(self, event: Wrapped) -> None:
        self._event = event

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Change the method's name and its config argument."""
        import libcst as cst

        source = self._event.config.source_node
        function = updated.func
        if source is None or not updated.args or not isinstance(function, cst.Attribute):
            raise NoFix("the checkpoint's id is not spelled out")
        value = rewriting.expression(rewriting.copy(source, self._event.node))
        first = updated.args[0].with_changes(value=value, keyword=None)
        return updated.with_changes(
            func=function.with_changes(attr=cst.Name("load_adapter")),
            args=[first, *updated.args[1:]],
        )
