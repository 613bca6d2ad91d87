"""Tests of a parameter's name: which of a model's parameters `"lora_" in name` selects.

PEFT puts words of its own into the names: of each share all have them, or none has, or the
answer differs from one parameter to the next, and then it is unknown.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from peft_lint.interpreter import calls, shares
from peft_lint.interpreter.call import Call
from peft_lint.interpreter.objects import Adapter, Body, Config, Fact, Handle, Kind, agreed
from peft_lint.interpreter.values import NOTHING_KNOWN, Items, Unknown, Value, derived, literal
from peft_lint.interpreter.world import World
from peft_lint.knowledge import ADDED_BY_TASK_TYPE
from peft_lint.lean import Record
from peft_lint.library.configs import PROMPT_LEARNING, task_type
from peft_lint.library.handles import spelled_method
from peft_lint.library.registry import NAME_TESTS, unknown_method

# What stands before the adapter's name in the name of every parameter that an adapter trains.
MARKS = {
    "LoraConfig": ".lora_",
    "AdaLoraConfig": ".lora_",
    "LoHaConfig": ".hada_",
    "LoKrConfig": ".lokr_",
    "OFTConfig": ".oft_",
    "BOFTConfig": ".boft_",
    "IA3Config": ".ia3_l",
    "VeraConfig": ".vera_lambda_",
    "RandLoraConfig": ".randlora_",
    "FourierFTConfig": ".fourierft_",
    "HRAConfig": ".hra_",
    "C3AConfig": ".c3a_",
    "DeloraConfig": ".delora_",
    "GraloraConfig": ".gralora_",
    **dict.fromkeys(sorted(PROMPT_LEARNING), "prompt_encoder."),
}
# Words of PEFT's that are in no name of a model of transformers.
WORDS = ("lora", "hada_", "lokr_", "boft_", "ia3_", "vera_lambda", "modules_to_save")
_STARTS = {Kind.PEFT: "base_model.", Kind.MIXED: "base_model.", Kind.TUNER: "model."}
# What comes first in the names of a model that another one was put around.
_AROUND = ("module.", "_orig_mod.")


class Names(Record):
    """The names of some parameters: all have the `parts`, and none has one of `lacks`.

    `start` is what all begin with, None if not known; `strange` are words that the names
    have no sooner than behind the first dot after it.
    """

    start: str | None = None
    parts: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()

    def contain(self, text: str) -> Fact:
        """Return whether all of them contain a text, or none."""
        if any(text in part for part in self.parts):
            return True
        return False if any(word in text for word in self.lacks) else None

    def begin(self, text: str) -> Fact:
        """Return whether none of them begins with a text; that all do is not looked for."""
        if self.contain(text) is False:
            return False
        if self.start is None:
            return None
        if not any(text.startswith(one) or one.startswith(text) for one in (self.start, *_AROUND)):
            return False
        first = text.removeprefix(self.start).partition(".")[0]
        return False if any(word in first for word in self.strange) else None

    def end(self, text: str) -> Fact:
        """Return whether none of them ends with a text; that all do is not looked for."""
        return False if self.contain(text) is False else None

    def lower(self) -> Names:
        """Return what is known of them in lower case, as all the words are."""
        start = None if self.start is None else self.start.lower()
        return self._replace(start=start, parts=tuple(part.lower() for part in self.parts))


_TESTS = {"in": Names.contain, "startswith": Names.begin, "endswith": Names.end}


def decided(condition: Hashable, world: World) -> Fact:
    """Return whether a test of a name is true of a whole share, or of nothing in it."""
    match condition:
        case ("in" as test, ("literal", ((_, str(text)),)), name):
            pass
        case (("startswith" | "endswith") as test, name, ("literal", ((_, str(text)),))):
            pass
        case _:
            return None
    share, is_lower = _share_of(name)
    handle = world.heap.get(share.model) if share is not None else None
    if share is None or not isinstance(handle, Handle):
        return None
    found = names_of(handle, world.body(handle), share)
    first, *rest = (_TESTS[test](one.lower() if is_lower else one, text) for one in found)
    for one in rest:
        first = agreed(first, one)
    return first


NAME_TESTS.append(decided)


def _share_of(name: Hashable) -> tuple[shares.Share | None, bool]:
    """Return the share that a name stands for, and whether it is in lower case."""
    match name:
        case ("lower", written):
            return shares.of_name(written), True
    return shares.of_name(name), False


@unknown_method("startswith", "endswith", "lower")
def text_method(call: Call) -> Value:
    """Model `name.startswith("lora_")` of a parameter's name, with one text or several."""
    receiver, method = call.receiver or NOTHING_KNOWN, spelled_method(call)
    if not isinstance(receiver, Unknown) or _share_of(receiver.origin)[0] is None:
        return calls.call_unknown(call.machine, derived("attribute", receiver, method), call)
    text = call.args[0] if len(call.args) == 1 else None
    if isinstance(text, Items) and text.exact and text.items:
        return derived("Or", *(derived(method, receiver, one) for one in text.items))
    return derived(method, receiver, *call.values())


def names_of(handle: Handle, body: Body, share: shares.Share) -> Iterable[Names]:
    """Yield what is known of the names in a share: of the adapter's own, and of what it saves."""
    words: tuple[str, ...] = WORDS if _is_of_transformers(body) else ()
    start = _STARTS.get(handle.kind, "")
    if share.adapter is None:
        yield _beside(start, words)
        return
    adapter = body.adapter(share.adapter)
    config = adapter.config if adapter is not None else None
    mark = MARKS.get(config.class_name or "") if config is not None else None
    if adapter is None or config is None or mark is None:
        yield Names()
        return
    words = _without(words, adapter.name.lower())
    yield _own(adapter, mark, start, words)
    if _has_more(config):
        yield _beside(start, _without(words, "modules_to_save"))


def _own(adapter: Adapter, mark: str, start: str, words: tuple[str, ...]) -> Names:
    if adapter.in_place is False:
        return Names(mark, (f"{mark}{adapter.name}.",), words, words)
    if start == "base_model.":
        start = "base_model.model."
    lacks = _without(words, mark.strip("."))
    return Names(start, (start, mark, f".{adapter.name}"), lacks, words)


def _without(words: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Return those words that no name has because of a text in it."""
    return tuple(one for one in words if one not in text and text not in one)


def _beside(start: str, words: tuple[str, ...]) -> Names:
    """Return what is known of the names of the model's own parameters, and of copies of them."""
    return Names(start, (start,) if start else (), words, words)


def _is_of_transformers(body: Body) -> bool:
    """Return whether all modules of a base are surely those of a class of transformers."""
    remote = dict(body.arguments).get("trust_remote_code")
    known = body.family is not None or body.task is not None
    trusted = remote is None or literal(remote) is False
    return known and trusted and body.complete and not body.escaped


def _has_more(config: Config) -> bool:
    """Return whether an adapter may train more than what its method adds: heads, biases, tokens."""
    if not config.complete or config.escaped or config.source is not None:
        return True
    for field, nothing in (
        ("modules_to_save", None),
        ("trainable_token_indices", None),
        ("bias", "none"),
    ):
        value = config.get(field)
        if value is not None and literal(value, ...) != nothing:
            return True
    task = task_type(config)
    return task is not None and literal(task, "SEQ_CLS") in ADDED_BY_TASK_TYPE
