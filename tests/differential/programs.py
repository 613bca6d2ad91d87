"""Generates programs out of the operations of table A7: valid by a simple state while drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from tests.differential.operations import (
    IMPORTS,
    INFERENCE,
    MODE_ONLY,
    STRUCTURAL,
    TRAINING,
    Operation,
    State,
    constructions,
)
from tests.differential.reality import Program

Draw = Callable[[st.SearchStrategy], object]
GROUPS = (
    *("plain",) * 4,
    *("if", "if else", "match", "try", "raise", "finally", "loop", "while", "with", "inference"),
    *("alias", "walrus", "helper", "helper", "tuple", "mutate", "early", "decorated"),
    *("compiled", "parallel", "twin", "inference"),
)


@st.composite
def programs(draw: Draw, groups: int = 4) -> Program:
    """Draw a program of a construction and up to `groups` groups of operations, with probes."""
    return _Writer(draw).program(groups)


@dataclass
class _Writer:
    draw: Draw
    state: State = field(default_factory=State)
    helpers: list[str] = field(default_factory=list)
    flags: dict[str, bool] = field(default_factory=dict)
    labels: int = 0
    beside_adapters: bool = False

    def program(self, groups: int) -> Program:
        number = self.draw(st.integers(1, groups))
        self.beside_adapters = self.draw(st.booleans())
        stages = [self.construct(), *([*self.group(), self.probe()] for _ in range(number))]
        if self.draw(st.booleans()):
            stages.append(self.operation(INFERENCE))
        body = self.draw(st.sampled_from(STYLES))(stages)
        source = "\n".join([IMPORTS, *self.helpers, *body]) + "\n"
        return Program(source, self.flags, self.beside_adapters)

    def probe(self, of: str = "§", label: str = "") -> str:
        self.labels += 1
        return f'probe("{label or f"p{self.labels}"}", {of})'

    def flag(self) -> str:
        if self.flags and (len(self.flags) == 3 or self.draw(st.booleans())):
            name = self.draw(st.sampled_from(sorted(self.flags)))
        else:
            name = "abc"[len(self.flags)]
            self.flags[name] = self.draw(st.booleans())
        return f'flag("{name}")'

    def construct(self) -> list[str]:
        """Return the lines that make the model; a fork makes it in both of its branches."""
        one, state = self.draw(constructions(self.beside_adapters))
        self.state = state
        shape = self.draw(st.sampled_from(["plain", "plain", "builder", "base kept", "fork"]))
        if shape == "builder":
            self.helpers.append(
                "\n".join(["def build():", *_indented(_naming("m", [*one, "return m"])), ""])
            )
            return ["§ = build()", self.probe()]
        if shape == "base kept" and one[-1].startswith("§ = ") and "§" in one[-1][4:]:
            mode = self.draw(st.sampled_from(["eval", "train"]))
            wrapped = [*_naming("base", one[:-1]), "§ = " + one[-1][4:].replace("§", "base")]
            return [*wrapped, self.probe(), self.probe("base"), f"base.{mode}()", self.probe()]
        if shape != "fork":
            return [*one, self.probe()]
        other, other_state = self.draw(constructions(self.beside_adapters, like=state))
        self.state = state.joined(other_state)
        return [f"if {self.flag()}:", *_indented(one), "else:", *_indented(other), self.probe()]

    def operation(self, choices: list[Operation]) -> list[str]:
        possible = [operation for operation in choices if operation.possible(self.state)]
        operation = self.draw(st.sampled_from(possible))
        lines, self.state = operation.apply(self.draw, self.state)
        return lines

    def several(self, choices: list[Operation]) -> list[str]:
        lines: list[str] = []
        for _ in range(self.draw(st.integers(1, 3))):
            lines += self.operation(choices)
        return lines

    def group(self) -> list[str]:
        """Return the lines of one group, which leaves the kind of the model as `state` has it."""
        kind = self.draw(st.sampled_from(GROUPS))
        match kind:
            case "plain":
                # Training is slow, and rare for that reason.
                rare = self.draw(st.integers(0, 5)) == 0
                return self.operation(TRAINING + MODE_ONLY if rare else STRUCTURAL + MODE_ONLY)
            case "inference":
                return self.operation(INFERENCE)
            case "compiled" | "parallel" | "twin":
                made = {
                    "compiled": "torch.compile(§)",
                    "parallel": "torch.nn.DataParallel(§)",
                    "twin": "copy.deepcopy(§)",
                }[kind]
                mode = self.draw(st.sampled_from(["eval", "train"]))
                return [f"{kind} = {made}", f"{kind}.{mode}()", self.probe(kind)]
            case "alias":
                return ["other = §", *_naming("other", self.several(MODE_ONLY))]
            case "walrus":
                lines = _naming("other", self.several(MODE_ONLY))
                return ["if (other := §) is not None:", *_indented(lines)]
            case "decorated":
                return self.decorated()
            case "early":
                return self.early()
            case "helper" | "tuple" | "mutate":
                return self.helper(kind)
            case "with":
                return self.within()
            case "loop" | "while":
                return self.loop(kind)
            case "try" | "raise" | "finally":
                return self.guarded(kind)
        return self.branches(kind)

    def branches(self, kind: str) -> list[str]:
        """Return a fork, written in one way or another."""
        before = self.state
        lines = _indented(self.several(MODE_ONLY))
        taken, self.state = self.state, before
        other = _indented(self.several(MODE_ONLY)) if kind != "if" else []
        self.state = taken.joined(self.state)
        condition = self.flag()
        if kind == "match":
            cases = ["    case True:", *_indented(lines), "    case _:", *_indented(other)]
            return [f"match {condition}:", *cases]
        return [f"if {condition}:", *lines, *(["else:", *other] if other else [])]

    def guarded(self, kind: str) -> list[str]:
        """Return a `try` statement; in "raise" the exception depends on a flag."""
        before = self.state
        lines = ["try:", *_indented(self.several(MODE_ONLY))]
        if kind == "finally":
            return [*lines, "finally:", *_indented(self.several(MODE_ONLY))]
        at_raise = self.state
        if kind == "raise":
            lines += _indented([f"if {self.flag()}:", '    raise ValueError("no")'])
            lines += _indented(self.several(MODE_ONLY))
        after, self.state = self.state, before.joined(at_raise)
        handler = _indented(self.several(MODE_ONLY))
        self.state = self.state.joined(after)
        return [*lines, "except ValueError:", *handler]

    def loop(self, kind: str) -> list[str]:
        """Return a loop of at least one round."""
        before = self.state
        lines = _indented(self.several(MODE_ONLY))
        self.state = before.joined(self.state)
        if kind == "while":
            return ["while True:", *lines, f"    if {self.flag()}:", "        break", "    break"]
        return [f"for _ in range({self.draw(st.sampled_from([2, 1, 3]))}):", *lines]

    def within(self) -> list[str]:
        """Return a `with` block."""
        before = self.state
        contexts = ["torch.inference_mode()", "torch.no_grad()"]
        if before.kind == "peft":
            contexts.insert(0, "§.disable_adapter()")
        context = self.draw(st.sampled_from(contexts))
        if context == "torch.no_grad()":
            return [f"with {context}:", *_indented([*self.several(MODE_ONLY), self.probe()])]
        # Inside the others, only what has no lasting effect on weights.
        if context == "§.disable_adapter()":
            self.state = replace(before, trainable=None)
        label = "" if context == "§.disable_adapter()" else "inference"
        forward = [self.probe(label=label), "§(torch.tensor([[5, 6, 7]]))"]
        return [f"with {context}:", *_indented(forward)]

    def decorated(self) -> list[str]:
        """Return a call of a function that answers without gradients by its decorator."""
        name = f"helper_{len(self.helpers) + 1}"
        forward = ["return §(torch.tensor([[5, 6, 7]]))"]
        body = _naming("m", [*self.several(MODE_ONLY), self.probe(label="inference"), *forward])
        self.helpers.append(
            "\n".join(["@torch.no_grad()", f"def {name}(m):", *_indented(body), ""])
        )
        return [f"{name}(§)"]

    def early(self) -> list[str]:
        """Return a call of a function that may return early."""
        name = f"helper_{len(self.helpers) + 1}"
        before = self.state
        some = _naming("m", self.several(MODE_ONLY))
        taken, self.state = self.state, before
        others = _naming("m", self.several(MODE_ONLY))
        self.state = taken.joined(self.state)
        body = [f"if {self.flag()}:", *_indented([*some, "return m"]), *others, "return m"]
        self.helpers.append("\n".join([f"def {name}(m):", *_indented(body), ""]))
        return [f"§ = {name}(§)"]

    def helper(self, kind: str) -> list[str]:
        """Return a call of a new function that takes the model, and may return it."""
        name = f"helper_{len(self.helpers) + 1}"
        choices = MODE_ONLY if kind == "mutate" else MODE_ONLY + STRUCTURAL
        body = _naming("m", self.several(choices))
        results = {"helper": ["return m"], "tuple": ["return m, 1"], "mutate": []}[kind]
        self.helpers.append("\n".join([f"def {name}(m):", *_indented(body + results), ""]))
        arguments = self.draw(st.sampled_from(["§", "m=§", "*[§]", "**{'m': §}"]))
        calls = {
            "helper": f"§ = {name}({arguments})",
            "tuple": f"§, number = {name}(§)",
            "mutate": f"{name}(§)",
        }
        return [calls[kind]]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _naming(name: str, lines: list[str]) -> list[str]:
    return [line.replace("§", name) for line in lines]


def _in_module(stages: list[list[str]]) -> list[str]:
    return _naming("model", [line for stage in stages for line in stage])


def _in_function(stages: list[list[str]]) -> list[str]:
    return ["def main():", *_indented(_in_module(stages)), "", "main()"]


def _in_class(stages: list[list[str]]) -> list[str]:
    lines = ["class Runner:"]
    for number, stage in enumerate(stages):
        name = f"stage_{number}" if number else "__init__"
        lines += _indented([f"def {name}(self):", *_indented(_naming("self.model", stage)), ""])
    calls = [f"runner.stage_{number}()" for number in range(1, len(stages))]
    return [*lines, "runner = Runner()", *calls]


def _in_global(stages: list[list[str]]) -> list[str]:
    first, *rest = stages
    lines = _naming("model", first)
    for number, stage in enumerate(rest, 1):
        body = ["global model", *_naming("model", stage)]
        lines += ["", f"def stage_{number}():", *_indented(body), "", f"stage_{number}()"]
    return lines


def _in_closure(stages: list[list[str]]) -> list[str]:
    first, *rest = stages
    lines = _naming("model", first)
    for number, stage in enumerate(rest, 1):
        body = ["nonlocal model", *_naming("model", stage)]
        lines += ["", f"def stage_{number}():", *_indented(body), "", f"stage_{number}()"]
    return ["def main():", *_indented(lines), "", "main()"]


def _in_coroutine(stages: list[list[str]]) -> list[str]:
    body = _indented(_in_module(stages))
    return ["import asyncio", "", "async def main():", *body, "", "asyncio.run(main())"]


def _in_subclass(stages: list[list[str]]) -> list[str]:
    lines = _in_class(stages)
    at = lines.index("runner = Runner()")
    derived = ["class Runner(Base):", "    def __init__(self):", "        super().__init__()", ""]
    return ["class Base:", *lines[1:at], *derived, *lines[at:]]


def _in_namespace(stages: list[list[str]]) -> list[str]:
    lines = [line for stage in stages for line in _naming("state.model", stage)]
    return ["from types import SimpleNamespace", "state = SimpleNamespace()", *lines]


# How a script holds its model. `§` in a line stands for the model's expression.
STYLES = (
    *(_in_module, _in_function, _in_class, _in_global),
    *(_in_closure, _in_coroutine, _in_subclass, _in_namespace),
)
