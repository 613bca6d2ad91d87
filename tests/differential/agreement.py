"""Compares one record of reality with what the worlds believe: facts, claims, disagreements."""

from __future__ import annotations

from dataclasses import dataclass, field

from peft_lint.interpreter.objects import Adapter, Fact, Kind, Weights
from tests.differential.interpretation import Belief
from tests.differential.reality import Record

_KINDS = {Kind.PLAIN: "plain", Kind.PEFT: "peft"}
_MODES = {"train": True, "eval": False}
_TRAINABLE = {"all": True, "none": False}


def facts(record: Record) -> dict[str, object]:
    """Return what is true at a probe, by the name of the fact."""
    found: dict[str, object] = {
        "top flag": record.top,
        "base mode": _MODES.get(record.base, record.base),
        "adapters": set(record.adapters),
        "active": set(record.active),
        "enabled": not record.disabled,
    }
    if record.kind != "wrapper":
        # A compiled model is modelled as the original, which is all that it is but for its class.
        found["kind"] = record.kind
    for name in record.adapters:
        mode, trainable = record.dropout[name], record.trainable[name]
        found[f"dropout mode of {name}"] = _MODES.get(mode, mode)
        found[f"trainable {name}"] = _TRAINABLE.get(trainable, trainable)
        found[f"merged {name}"] = name in record.merged
    return found


def hints(record: Record) -> dict[str, object]:
    """Return more that is true, of which the text often says nothing: not counted as unknown."""
    found: dict[str, object] = {}
    for name in record.adapters:
        found[f"dropout of {name}"] = record.rate[name] > 0
        if record.largest_b[name] > 0:
            found[f"without effect {name}"] = False
    return found


def claims(belief: Belief) -> dict[str, object]:
    """Return what a world believes, under the names of the facts; unknown facts are missing."""
    handle, body = belief.handle, belief.body
    if handle is None or body is None:
        return {}
    found: dict[str, object | None] = {
        "top flag": handle.training,
        "base mode": body.training,
        "adapters": None if body.adapters is None else {one.name for one in body.adapters},
        "active": None if body.active is None else set(body.active),
        "enabled": body.enabled,
        "kind": _KINDS.get(handle.kind, handle.kind),
    }
    for one in body.adapters or ():
        found[f"dropout mode of {one.name}"] = one.training
        found[f"trainable {one.name}"] = one.trainable
        found[f"merged {one.name}"] = one.merged
        found[f"dropout of {one.name}"] = one.dropout
        found[f"without effect {one.name}"] = _without_effect(one)
    return {name: claim for name, claim in found.items() if claim is not None}


def _without_effect(adapter: Adapter) -> Fact:
    return True if adapter.weights is Weights.ZERO else None


@dataclass
class Count:
    """How much was compared, and of how much the interpreter said that it is unknown."""

    probes: int = 0
    facts: int = 0
    unknown: int = 0
    unknown_by_name: dict[str, int] = field(default_factory=dict)

    def add(self, record: Record, agreeing: list[dict[str, object]]) -> None:
        """Count a record with the claims that agree with it, by the vaguest of them."""
        names = facts(record).keys()
        claim = min(agreeing, key=lambda one: len(names & one.keys()))
        self.probes += 1
        self.facts += len(names)
        self.unknown += len(names - claim.keys())
        for name in names - claim.keys():
            kind = " ".join(word for word in name.split() if word not in record.adapters)
            self.unknown_by_name[kind] = self.unknown_by_name.get(kind, 0) + 1


def agreeing(record: Record, believed: list[Belief]) -> list[Belief]:
    """Return the worlds whose every claim is true."""
    return [one for one in believed if not differences(record, one)]


def differences(record: Record, belief: Belief) -> dict[str, tuple[object, object]]:
    """Return each fact of which a world claims the wrong thing: what is true, and the claim."""
    true = facts(record) | hints(record)
    return {
        name: (true[name], claim)
        for name, claim in claims(belief).items()
        if name in true and true[name] != claim
    }
