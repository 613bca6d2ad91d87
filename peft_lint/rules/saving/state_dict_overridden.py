"""PEF504: the model's state_dict is replaced by one that gives the adapter's weights alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Escaped, ModelEvent, Saved, StateDictRead, StateDictReplaced, Trained
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Arguments, Kind, Node
from peft_lint.interpreter.values import Function, literal
from peft_lint.library.registry import canonical
from peft_lint.rules.guards import blocks_around
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Noted = dict[ast.stmt, tuple[Node, str]]
_READER = "peft.get_peft_model_state_dict"
# From this release on PEFT finds the adapter's weights in what such a function gives (A10).
_HARMLESS = "0.20"


class Rule:
    """Follows a model from there to its saves; giving the method back discharges."""

    def __init__(self) -> None:
        self._functions: dict[ast.stmt, FunctionNode] = {}
        self._bodies: dict[ast.stmt, Node] = {}
        self._given_back: set[ast.stmt] = set()
        self._read: set[ast.stmt] = set()
        self._saves: Noted = {}
        self._trainings: Noted = {}

    def on_state_dict_replaced(self, event: StateDictReplaced, scene: Scene) -> None:
        """Suspect a function that asks PEFT for the adapter's weights; discharge the others."""
        function = None if event.value is None else _function(event.value, scene)
        if function is None or not _gives_adapter(function, scene):
            self._given_back |= self._of(event, scene)
        elif scene.handle(event).kind is Kind.PEFT and not _asks_version(event.node, scene):
            self._functions[event.node] = function
            self._bodies[event.node] = scene.body(event).node

    def on_state_dict_read(self, event: StateDictRead, scene: Scene) -> None:
        """Code that reads the weights by name means to get the adapter's alone."""
        for one in self._of(event, scene):
            if not any(event.node is part for part in ast.walk(self._functions[one])):
                self._read.add(one)

    def on_escaped(self, event: Escaped, scene: Scene) -> None:
        """So may code out of view."""
        self._read |= self._of(event, scene)

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """What the model itself saves then has no weights, unless the call brings them."""
        given = any(name == "state_dict" for name, _ in event.keywords)
        if scene.handle(event).kind is Kind.PEFT and event.by_method and not given:
            words = f"and {event.how} finds no weights to write here"
            self._note(self._saves, event, scene, words)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Nor have the checkpoints of a trainer."""
        trainer = scene.trainer(event)
        settings = scene.world.state(trainer.arguments) if trainer is not None else None
        strategy = settings.get("save_strategy") if isinstance(settings, Arguments) else None
        if trainer is not None and literal(strategy) != "no":
            words = "and checkpoints of this training have no weights in them"
            self._note(self._trainings, event, scene, words)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what is not given back: an error where it empties what is saved."""
        from peft_lint.rules.saving.state_dict_overridden_fix import delete

        target = scene.machine.target
        harmful = not target.at_least("peft", _HARMLESS)
        message = "state_dict is replaced for nothing: since 0.20 PEFT saves the adapter without it"
        if harmful:
            release = target.release("peft")
            message = f"with this state_dict PEFT {release} saves an adapter without weights"
        for statement, function in self._functions.items():
            save = self._saves.get(statement) if harmful else None
            unsure = statement in self._read | self._given_back
            if save is None and unsure:
                continue
            if save is None and harmful:
                save = self._trainings.get(statement)
            step = (statement, "state_dict gives the adapter alone from here on")
            safety = Applicability.UNSAFE if unsure else Applicability.SAFE
            visitor = delete(statement, function, scene.document.tree)
            yield Suspicion(
                code="PEF504",
                severity=Severity.ERROR if save is not None else Severity.INFO,
                message=message,
                anchor=statement,
                story=(step, *([save] if save is not None else [])),
                cause=statement,
                proposals=(Proposal("Delete this state_dict", safety, visitor, (statement,)),),
            )

    def _of(self, event: ModelEvent, scene: Scene) -> set[ast.stmt]:
        """Return the suspected statements about the model of an event."""
        body = scene.body(event).node
        return {statement for statement, one in self._bodies.items() if one is body}

    def _note(self, steps: Noted, event: Saved | Trained, scene: Scene, words: str) -> None:
        """Note a step where the suspected function is the model's `state_dict`."""
        statement = scene.body(event).state_dict_by
        if statement in self._functions:
            steps.setdefault(statement, (event.node, words))


def _asks_version(statement: ast.stmt, scene: Scene) -> bool:
    """Return whether a statement is run only by some releases of PEFT."""
    owners = blocks_around(statement, scene)
    tests = (part for one in owners if isinstance(one, ast.If) for part in ast.walk(one.test))
    asked = (scene.symbol(part) for part in tests if isinstance(part, ast.expr))
    return "peft.__version__" in asked


def _function(value: ast.expr, scene: Scene) -> FunctionNode | None:
    """Return the function that is assigned, also where the text binds it to the model first."""
    if isinstance(value, ast.Call):
        function = value.func
        if isinstance(function, ast.Attribute) and function.attr == "__get__":
            value = function.value
        elif scene.symbol(function) == "types.MethodType" and value.args:
            value = value.args[0]
    found = scene.value(value)
    if isinstance(found, Function):
        return found.node
    return value if isinstance(value, ast.Lambda) else None


def _gives_adapter(function: FunctionNode, scene: Scene) -> bool:
    """Return whether all that a function returns is the adapter's part of given weights."""
    results: list[ast.expr | None] = (
        [function.body]
        if isinstance(function, ast.Lambda)
        else [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    )
    return bool(results) and all(_is_adapter(one, scene) for one in results)


def _is_adapter(result: ast.expr | None, scene: Scene) -> bool:
    if not isinstance(result, ast.Call):
        return False
    name = scene.symbol(result.func)
    given = len(result.args) > 1 or any(word.arg == "state_dict" for word in result.keywords)
    return given and name is not None and canonical(name) == _READER
