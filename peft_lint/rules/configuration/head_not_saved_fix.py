"""How PEF301 is fixed: the config names the task, or the head."""

from __future__ import annotations

from peft_lint import knowledge
from peft_lint.finding import Applicability
from peft_lint.interpreter.values import Literal, is_given, literal
from peft_lint.lean import TYPE_CHECKING
from peft_lint.rules.heads import WITHOUT_TASK
from peft_lint.rules.targets import is_end, names_in
from peft_lint.suspicion import NoFix, Proposal
from peft_lint.syntax.keywords import as_list

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.rules.configuration.head_not_saved import Candidate
    from peft_lint.syntax.rewriting import Rewriting


def proposals(candidate: Candidate) -> tuple[Proposal, ...]:
    """Return the fix, where the head's names are known."""
    event, body = candidate.event, candidate.body
    task_type = knowledge.TASK_TYPES.get(body.task or "")
    added = knowledge.ADDED_BY_TASK_TYPE.get(task_type or "")
    given = event.config.get("task_type")
    # A class that is called itself does not ask the config which task it is for.
    usable = bool(added) and event.how not in (*WITHOUT_TASK, "PeftModel")
    by_type = usable and not is_given(given)
    left = candidate.missing
    targets = names_in(event.config.get("target_modules"))
    all_linear = literal(event.config.get("target_modules")) == "all-linear"
    hit = targets is None or any(is_end(target, *left) for target in targets)
    if targets and all(is_end(target, *left) for target in targets):
        # Without the head nothing is left to adapt, and PEFT refuses that.
        return ()
    # A head that gets an adapter of its own must be named beforehand: the task types for
    # tokens and answers name it too late, and PEFT raises (A12).
    if by_type and added is not None and not hit:
        left = tuple(name for name in left if not knowledge.covers(name, added))
    if not left and (hit or not by_type):
        return ()
    names = (*candidate.named, *(name.rpartition(".")[2] for name in left)) if left else ()
    known = isinstance(body.checkpoint, Literal) or candidate.reported
    known = known and bool(candidate.missing)
    safe = known and not candidate.named and (not hit or all_linear)
    parts = [f"task_type=TaskType.{task_type}"] if by_type else []
    parts += [f"modules_to_save={as_list(names)}"] if names else []
    visitor = NameTheHead(task_type if by_type else None, names)
    return (
        Proposal(
            f"Train and save the head with {' and '.join(parts)}",
            Applicability.SAFE if safe else Applicability.UNSAFE,
            visitor,
            (event.config.node,),
        ),
    )


class NameTheHead:
    """Add `task_type=` and `modules_to_save=` to the config."""

    def __init__(self, task_type: str | None, names: tuple[str, ...]) -> None:
        self._task_type = task_type
        self._names = names

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Add what is missing in the call's own layout; replace what is there."""
        if any(argument.star for argument in original.args):
            raise NoFix("the config may name its head in what is unpacked")
        wanted = {}
        if self._task_type is not None:
            wanted["task_type"] = f"{rewriting.spelling('peft.TaskType')}.{self._task_type}"
        if self._names:
            wanted["modules_to_save"] = as_list(self._names)
        from peft_lint.syntax.calls import add_keyword, replace_keyword

        spelled = {one.keyword.value for one in original.args if one.keyword}
        for name, value in wanted.items():
            change = replace_keyword if name in spelled else add_keyword
            updated = change(updated, name, value)
        return updated
