"""The reality half of the differential test: what a program's models are, measured while it runs."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from itertools import product
from typing import Any, Literal

from tests.proofs.harness import run

Mode = Literal["train", "eval", "mixed", "none"]


class ProgramRaisedError(Exception):
    """The program ended with an exception; the message is its traceback."""


@dataclass(frozen=True)
class Program:
    """A script that calls `probe("label", model)` and branches on `flag("name")`.

    `flags` are the values that the opaque conditions have in this run. `beside_adapters`: the
    interpreter is shown it in a folder that holds the trained adapters too.
    """

    source: str
    flags: dict[str, bool]
    beside_adapters: bool = False

    def every_run(self) -> Iterator[Program]:
        """Return this program under all combinations of its flags."""
        for values in product([True, False], repeat=len(self.flags)):
            yield replace(self, flags=dict(zip(self.flags, values, strict=True)))


@dataclass(frozen=True)
class Record:
    """One model at one probe. Dictionaries go from adapter names; `label` may occur repeatedly.

    `line` is that of the probe in the program's text.
    `kind`: the outermost class is a "peft" model, a "wrapper" of torch (compiled, parallel), or
    "plain" transformers, whether or not its layers carry adapters. `top` is the `training` flag
    of the object itself, `base` that of the modules in the transformers model (not its own),
    `dropout` that of the modules `lora_dropout` (`Identity` where the rate is 0), and `rate`
    their probability. `active`, `merged` and `disabled` are read from the layers. `trainable`
    says which of an adapter's parameters require gradients. `largest_b` is max |lora_B|: 0 for
    an adapter without effect.

    `stochastic`: two forwards of one input differ, in the mode that the model has.
    `distance`: max |logits - logits of the untouched checkpoint|, both in eval mode, with the
    adapters as active, merged or disabled as they are; None if the body is not that checkpoint's.
    """

    label: str
    line: int
    kind: Literal["peft", "wrapper", "plain"]
    top: bool
    base: Mode
    adapters: tuple[str, ...]
    active: tuple[str, ...]
    merged: tuple[str, ...]
    disabled: bool
    dropout: dict[str, Mode]
    rate: dict[str, float]
    trainable: dict[str, Literal["all", "none", "mixed"]]
    largest_b: dict[str, float]
    stochastic: bool
    distance: float | None


def outcomes(program: Program) -> list[Record]:
    """Execute `program` on the real libraries and return what its probes saw, in order.

    ProgramRaisedError if it raised. The program and its probes run in a process of their own.
    """
    outcome = run(program.source, _records, prepare=partial(_prepare, flags=program.flags))
    if outcome.exception:
        raise ProgramRaisedError(outcome.traceback)
    return [_record(row) for row in outcome.value()]


def _record(row: dict[str, Any]) -> Record:
    tuples = {name: tuple(row[name]) for name in ("adapters", "active", "merged")}
    return Record(**row | tuples)


def _prepare(names: dict[str, Any], flags: dict[str, bool]) -> None:
    names["__records__"] = []
    names["flag"] = flags.__getitem__
    names["probe"] = lambda label, model: names["__records__"].append(
        _look(label, sys._getframe(1).f_lineno, model)
    )


def _records(names: dict[str, Any]) -> list[dict[str, Any]]:
    return [asdict(record) for record in names["__records__"]]


def _look(label: str, line: int, model: Any) -> Record:
    import torch
    from peft import PeftModel
    from peft.tuners.tuners_utils import BaseTunerLayer

    from tests.proofs.harness.measures import base_modules

    inner = _unwrapped(model)
    layers = [module for module in inner.modules() if isinstance(module, BaseTunerLayer)]
    adapters = tuple(layers[0].lora_A) if layers else ()
    dropouts = {name: [layer.lora_dropout[name] for layer in layers] for name in adapters}
    weights = {name: _parameters(inner, name) for name in adapters}
    wrapper = inner is not model
    return Record(
        label=label,
        line=line,
        kind="wrapper" if wrapper else "peft" if isinstance(model, PeftModel) else "plain",
        top=model.training,
        base=_mode(base_modules(inner)[1:]),
        adapters=adapters,
        active=tuple(layers[0].active_adapters) if layers else (),
        merged=tuple(layers[0].merged_adapters) if layers else (),
        disabled=bool(layers) and layers[0].disable_adapters,
        dropout={name: _mode(modules) for name, modules in dropouts.items()},
        rate={name: getattr(modules[0], "p", 0.0) for name, modules in dropouts.items()},
        trainable={name: _trainable(list(found.values())) for name, found in weights.items()},
        largest_b={
            name: max(float(p.detach().abs().max()) for key, p in found.items() if "lora_B" in key)
            for name, found in weights.items()
        },
        **_forwards(inner, torch.is_inference_mode_enabled()),
    )


def _unwrapped(model: Any) -> Any:
    """Return the model inside a compiled or parallel wrapper, whose forward is not run."""
    while hasattr(model, "_orig_mod") or type(model).__name__.endswith("DataParallel"):
        model = model._orig_mod if hasattr(model, "_orig_mod") else model.module
    return model


def _parameters(model: Any, adapter: str) -> dict[str, Any]:
    return {
        name: parameter
        for name, parameter in model.named_parameters()
        if "lora_" in name and adapter in name.split(".")
    }


def _trainable(parameters: list[Any]) -> Literal["all", "none", "mixed"]:
    flags = {parameter.requires_grad for parameter in parameters}
    return "mixed" if len(flags) > 1 else "all" if flags == {True} else "none"


def _mode(modules: list[Any]) -> Mode:
    flags = {module.training for module in modules}
    if len(flags) > 1:
        return "mixed"
    return "none" if not flags else "train" if flags == {True} else "eval"


def _forwards(model: Any, inference: bool) -> dict[str, Any]:
    """Return `stochastic` and `distance`, measured on a copy: a forward may unmerge adapters."""
    import torch

    from tests.proofs.harness.measures import bare, difference, logits, spread

    with torch.inference_mode(inference):
        twin = copy.deepcopy(model)
        stochastic = spread(twin) > 0
        embedding, expected = _checkpoint(bare(model).config.name_or_path)
        distance = None
        if torch.equal(embedding, bare(twin).get_input_embeddings().weight):
            distance = difference(logits(twin.eval()), expected)
    return {"stochastic": stochastic, "distance": distance}


@cache
def _checkpoint(name: str) -> tuple[Any, Any]:
    """Return the input embedding and the logits of the untouched checkpoint `name`."""
    from transformers import AutoModelForCausalLM

    from tests.proofs.harness.measures import logits

    model = AutoModelForCausalLM.from_pretrained(name)
    return model.get_input_embeddings().weight, logits(model)
