"""PEF203: arguments of sampling stand beside `do_sample=False`, which leaves them unread."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Inference
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Arguments, Node, Steps
from peft_lint.interpreter.values import Literal, Value, literal
from peft_lint.lean import Record
from peft_lint.names import variables
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword, ReplaceKeyword

# What only sampling reads, with the values that ask for nothing: defaults, and "off".
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "temperature": (None, 0, 1),
    "top_p": (None, 1),
    "top_k": (None, 0, 1, 50),
    "min_p": (None, 0),
    "typical_p": (None, 1),
    "epsilon_cutoff": (None, 0),
    "eta_cutoff": (None, 0),
}
# Ways to generate that read some of these without sampling.
_OTHER_READERS = ("penalty_alpha", "custom_generate", "assistant_model")
# Models whose own generate reads a temperature, whatever do_sample says.
_SPEECH = ("SpeechSeq2Seq", "TextToWaveform")


class Rule:
    """Looks at each call that generates: which settings it has, and who reads them."""

    def __init__(self) -> None:
        self._ignored: dict[ast.keyword, tuple[ast.Call, str]] = {}
        self._read: set[ast.keyword] = set()
        self._calls: dict[ast.Call, Node] = {}

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """Note the sampling arguments of a call, and whether it ignores them."""
        if event.how == "forward" or not isinstance(event.node, ast.Call):
            return
        given = _given(event, event.node, scene)
        said = next((one for one in given if one.name == "do_sample"), None)
        off = said is not None and literal(said.value) is False and _written(said) is not None
        for one in filter(_asks, given):
            word = _written(one)
            if word is None:
                continue
            same = off and said is not None and said.holder is one.holder
            if same and not _reads_otherwise(event, event.node, one.holder, given, scene):
                self._ignored[word] = (one.holder, one.name)
                self._calls.setdefault(one.holder, event.node)
            else:
                self._read.add(word)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report each place whose sampling arguments no call reads."""
        places: dict[ast.Call, list[str]] = {}
        for word, (holder, name) in self._ignored.items():
            if word not in self._read:
                places.setdefault(holder, []).append(name)
        for holder, names in places.items():
            # A config may be edited where nothing calls it.
            if holder is self._calls[holder] or not scene.assigns("do_sample"):
                yield _suspicion(holder, names, self._calls[holder])


class Setting(Record):
    """A setting by its name, and the call that has it: one that generates, or makes a config."""

    name: str
    value: Value
    holder: ast.Call


def _given(event: Inference, call: ast.Call, scene: Scene) -> list[Setting]:
    """Return the settings that a call generates with, the ones that win first."""
    given = [Setting(name, value, call) for name, value in event.keywords]
    for source in (dict(event.keywords).get("generation_config"), scene.handle(event).settings):
        state = scene.world.state(source)
        if isinstance(state, Arguments):
            given += (Setting(name, value, state.node) for name, value in reversed(state.fields))
    return given


def _written(one: Setting) -> ast.keyword | None:
    """Return where the call itself spells the setting as a constant."""
    node = one.value.node if isinstance(one.value, Literal) else None
    words = one.holder.keywords
    return next((word for word in words if word.value is node and word.arg == one.name), None)


def _asks(one: Setting) -> bool:
    """Return whether a setting is one of sampling, and would matter to it."""
    constant = literal(one.value, ...)
    return constant is not ... and constant not in _NEUTRAL.get(one.name, (constant,))


def _reads_otherwise(
    event: Inference, call: ast.Call, holder: ast.Call, given: list[Setting], scene: Scene
) -> bool:
    """Return whether a call may read sampling arguments, or sample, all the same."""
    if any(one.name in _OTHER_READERS for one in given) or scene.body(event).task in _SPEECH:
        return True
    named = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if event.how == "generate" and named != "generate":
        # `chat` and its kin are code that comes with the checkpoint.
        return True
    # Keywords out of view may switch sampling on; those of a tokenizer do not.
    stars = [word.value for word in call.keywords if word.arg is None]
    return holder is not call and not all(_is_tokens(star, scene) for star in stars)


def _is_tokens(star: ast.expr, scene: Scene) -> bool:
    """Return whether a name holds what a tokenizer gave, by the argument that asks for tensors."""
    names = variables(star)
    assigned = [
        {part.arg for part in ast.walk(node.value) if isinstance(part, ast.keyword)}
        for node in ast.walk(scene.function or scene.document.tree)
        if isinstance(node, ast.Assign)
        if any(isinstance(one, ast.Name) and one.id in names for one in node.targets)
    ]
    return bool(assigned) and all("return_tensors" in words for words in assigned)


def _suspicion(holder: ast.Call, names: list[str], call: Node) -> Suspicion:
    listed = " and ".join(", ".join(names).rsplit(", ", 1))
    verb = "has" if len(names) == 1 else "have"
    story: Steps = ((call, "tokens are generated without sampling here"),)
    if holder is not call:
        story = ((holder, "the settings switch sampling off here"), *story)
    unsafe, sample = Applicability.UNSAFE, ReplaceKeyword("do_sample", "True")
    return Suspicion(
        code="PEF203",
        severity=Severity.INFO,
        message=f"{listed} {verb} no effect: do_sample=False switches sampling off",
        anchor=holder,
        story=story,
        cause=holder,
        proposals=(
            Proposal(f"Remove {listed}", unsafe, RemoveKeyword(*names), (holder,)),
            Proposal("Sample, with do_sample=True", unsafe, sample, (holder,)),
        ),
    )
