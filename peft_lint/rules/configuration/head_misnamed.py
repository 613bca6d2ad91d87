"""PEF309: a module that is to be trained and saved as a whole is named so that it is not."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import ConfigMade, ConfigUsed, Wrapped
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Node
from peft_lint.rules.guards import expects
from peft_lint.rules.saved_names import Meant, are_covered, misnamed
from peft_lint.rules.swallowed import SAVED, FirstUses, added_names, taken, task_of
from peft_lint.rules.target_words import is_foreign, meant_names
from peft_lint.rules.targets import CONFIGS, FIELD, is_as_built, is_end, is_plain, names_in
from peft_lint.scene import Scene
from peft_lint.suspicion import Suspicion
from peft_lint.syntax.keywords import as_list, written

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING


class Rule:
    """Looks at the names when a config is used, and again where the model is known."""

    def __init__(self) -> None:
        self._found: dict[tuple[Node, str], Suspicion] = {}
        # Lists of names out of view on some path: they may be looked up in the model.
        self._unknown: set[Node | None] = set()
        self._uses = FirstUses()

    def on_config_made(self, event: ConfigMade, scene: Scene) -> None:
        """Take a config for a new one."""
        self._uses.made(event)

    def on_config_used(self, event: ConfigUsed, scene: Scene) -> None:
        """Suspect patterns and weights among the modules to save."""
        names = names_in(event.config.get(SAVED)) or ()
        wrong = {name: tuple(meant_names(name)) for name in names if is_foreign(name)}
        covering = (
            *added_names(event.config, event.how),
            *(name for name in names if name not in wrong),
        )
        # What is saved for another reason does no harm.
        wrong = {name: meant for name, meant in wrong.items() if not are_covered(meant, covering)}
        if wrong and event.config.class_name in CONFIGS:
            words = f"{_quoted(wrong)} in {SAVED} is the end of no module's name"
            self._report(event, SAVED, _ERROR, words, _instead(names, wrong))

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Suspect names that the model's family lacks, and targets that the task type trains."""
        first, task = self._uses.use(event), task_of(event, scene)
        targets = names_in(event.config.get(FIELD))
        if first and targets and task is not None:
            layers = taken(event, task, targets, scene)
            if layers and not expects(event, scene, "TypeError", "Exception"):
                words = f"{_quoted(layers)} gets an adapter, and {task} is to train it as a whole"
                left = [name for name in targets if not is_end(name, *layers)]
                message = f"{words}: PEFT raises a TypeError"
                self._report(event, FIELD, _ERROR, message, as_list(left) if left else None)
        names = names_in(event.config.get(SAVED))
        if names and event.config.class_name in CONFIGS and is_as_built(event.before):
            wrong = misnamed(event, names, scene)
            verb = "are no modules" if len(wrong) > 1 else "is no module"
            words = f"{_quoted(wrong)} {verb} of {event.before.family}, and nothing says so"
            if wrong:
                self._report(event, SAVED, _WARNING, words, _instead(names, wrong))
        elif names is None:
            self._unknown.add(event.config.expression(SAVED))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found, but for names that are others on some path."""
        for (anchor, _), suspicion in self._found.items():
            if suspicion.severity is _ERROR or anchor not in self._unknown:
                yield suspicion

    def _report(
        self,
        event: ConfigUsed | Wrapped,
        field: str,
        severity: Severity,
        words: str,
        code: str | None,
    ) -> None:
        anchor = event.config.expression(field) or event.config.node
        steps = () if event.node is event.config.node else ((event.node, "and is used here"),)
        suspicion = Suspicion(
            code="PEF309",
            severity=severity,
            message=words,
            anchor=anchor,
            story=((anchor, words), *steps),
            cause=event.config.node,
            proposals=written(event.config.node, field, code, anchor) if code else (),
        )
        self._found.setdefault((anchor, field), suspicion)


def _quoted(names: Meant | tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _instead(names: tuple[str, ...], wrong: Meant) -> str | None:
    """Return the list with the names that are meant, None where these are not known."""
    right = [meant for name in names for meant in wrong.get(name, (name,))]
    known = all(wrong.values()) and all(map(is_plain, right))
    return as_list(right) if known else None
