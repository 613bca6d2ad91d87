"""The operations that generated programs are made of, and when each of them is valid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

IMPORTS = """\
import copy
import torch
from accelerate import Accelerator
from datasets import Dataset
from peft import (
    AutoPeftModelForCausalLM,
    LoraConfig,
    PeftConfig,
    PeftModel,
    get_peft_model,
    inject_adapter_in_model,
    load_peft_weights,
    set_peft_model_state_dict,
)
from transformers import AutoConfig, AutoModelForCausalLM, Trainer, TrainingArguments
from trl import SFTConfig, SFTTrainer

rows = Dataset.from_dict({"input_ids": [[5, 6, 7]] * 2, "labels": [[5, 6, 7]] * 2})
"""
# The last is an id that the linter knows: models of its family have no dropout.
LLAMAS = ("base-model", "base-with-dropout", "meta-llama/Llama-3.2-1B")


@dataclass(frozen=True)
class State:
    """What decides whether an operation is valid; None where the branches differ.

    `kind` is "plain" (no adapters), "peft", "native" (transformers' own adapters) or "injected"
    (adapter layers in a plain model). `base` is the id of the body's checkpoint.
    """

    kind: str = "plain"
    base: str = "base-model"
    adapters: tuple[str, ...] = ()
    trainable: bool | None = False
    merged: bool | None = False
    disabled: bool | None = False

    def joined(self, other: State) -> State:
        """Return what is known after either of two branches."""
        trainable = self.trainable if self.trainable == other.trainable else None
        merged = self.merged if self.merged == other.merged else None
        disabled = self.disabled if self.disabled == other.disabled else None
        return replace(self, trainable=trainable, merged=merged, disabled=disabled)


@dataclass(frozen=True)
class Operation:
    """Lines with `§` for the model, when they are valid, and the state after them."""

    lines: Callable[[Any, State], list[str]]
    possible: Callable[[State], bool]
    after: Callable[[State], State]

    def apply(self, draw: Any, state: State) -> tuple[list[str], State]:
        """Return the drawn lines and the state that they lead to."""
        return self.lines(draw, state), self.after(state)


def _operation(
    *lines: str,
    on: tuple[str, ...] = ("plain", "peft", "native", "injected"),
    when: Callable[[State], bool] = lambda state: True,
    after: Callable[[State], State] = lambda state: state,
) -> Operation:
    """Return an operation with fixed lines; {config}, {last} and {base} are filled in."""

    def fill(draw: Any, state: State) -> list[str]:
        last = state.adapters[-1] if state.adapters else ""
        values = {"last": last, "base": state.base, "config": lora(draw)}
        return [line.format(**values) for line in lines]

    return Operation(fill, lambda state: state.kind in on and when(state), after)


def lora(draw: Any) -> str:
    """Draw a LoRA config as source text."""
    dropout = draw(st.sampled_from(["", "lora_dropout=0.0, ", "lora_dropout=0.3, "]))
    start = draw(st.sampled_from(["", "", "init_lora_weights=False, "]))
    return f'LoraConfig({dropout}{start}task_type="CAUSAL_LM")'


def _disabled(value: bool) -> Callable[[State], State]:
    return lambda state: replace(state, disabled=value, trainable=None)


PEFT, NATIVE, ADAPTED = ("peft",), ("native",), ("peft", "native")
INFERENCE = [
    _operation(
        'probe("inference", §)',
        "§.generate(input_ids=torch.tensor([[5, 6, 7]]), max_new_tokens=2)",
    ),
    _operation(
        "with torch.no_grad():",
        '    probe("inference", §)',
        "    §(input_ids=torch.tensor([[5, 6, 7]]))",
    ),
]
# None of these changes the kind of the model or its set of adapters: fit for any branch.
MODE_ONLY = [
    _operation("§.train()"),
    _operation("§.train()"),
    _operation("§.eval()"),
    _operation("§.eval()"),
    _operation("§.train(False)"),
    _operation("§.train(mode=False)"),
    _operation("§.eval"),
    _operation("§.training = False"),
    _operation("[m.eval() for m in [§]]"),
    _operation("§.to('cpu').eval()"),
    _operation("§.base_model.eval()", on=PEFT),
    _operation("§.get_base_model().train()", on=PEFT),
    _operation("§.requires_grad_(True)", after=lambda s: replace(s, trainable=True)),
    _operation("§.requires_grad_(False)", after=lambda s: replace(s, trainable=False)),
    _operation("§.gradient_checkpointing_enable()"),
    _operation("§.enable_input_require_grads()"),
    _operation("models = {{'one': §}}", "models['one'].eval()"),
    _operation("switch = lambda m: m.train(False)", "switch(§)"),
    _operation("(same := §).eval()"),
    *INFERENCE,
    _operation("§.print_trainable_parameters()", on=PEFT),
    _operation("§.save_pretrained('out-adapter')", on=PEFT),
    _operation("§.set_adapter('{last}')", on=ADAPTED, after=lambda s: replace(s, trainable=True)),
    _operation("§.set_adapter('default')", on=PEFT, after=lambda s: replace(s, trainable=True)),
    _operation("§.base_model.disable_adapter_layers()", on=PEFT, after=_disabled(True)),
    _operation("§.base_model.enable_adapter_layers()", on=PEFT, after=_disabled(False)),
    _operation("§.disable_adapters()", on=NATIVE, after=_disabled(True)),
    _operation("§.enable_adapters()", on=NATIVE, after=_disabled(False)),
    _operation("§.merge_adapter()", on=PEFT, after=lambda s: replace(s, merged=True)),
    _operation("§.unmerge_adapter()", on=PEFT, after=lambda s: replace(s, merged=False)),
    _operation(
        "set_peft_model_state_dict(§, load_peft_weights('my-adapter'))",
        on=PEFT,
        when=lambda s: s.base in LLAMAS and s.merged is False,
    ),
]


def _fits(state: State, name: str) -> bool:
    return state.base in LLAMAS and name not in state.adapters and state.merged is False


def _adding(name: str) -> Callable[[State], State]:
    return lambda state: replace(state, adapters=(*state.adapters, name), trainable=None)


def _as(kind: str, **changes: Any) -> Callable[[State], State]:
    return lambda state: replace(state, kind=kind, merged=False, disabled=False, **changes)


WRAPPED = _as("peft", adapters=("default",), trainable=True)
STRUCTURAL = [
    _operation(
        "§.load_adapter('my-other-adapter', 'two')",
        on=PEFT,
        when=lambda s: _fits(s, "two"),
        after=_adding("two"),
    ),
    _operation(
        "§.load_adapter('my-other-adapter', adapter_name='two', is_trainable=True)",
        on=ADAPTED,
        when=lambda s: _fits(s, "two"),
        after=_adding("two"),
    ),
    _operation(
        "§.add_adapter('three', {config})",
        on=PEFT,
        when=lambda s: _fits(s, "three"),
        after=_adding("three"),
    ),
    _operation(
        "§.add_weighted_adapter(['default'], [1.0], 'mix')",
        on=PEFT,
        when=lambda s: _fits(s, "mix"),
        after=_adding("mix"),
    ),
    _operation(
        "§.set_adapter('default')",
        "§.delete_adapter('{last}')",
        on=PEFT,
        when=lambda s: len(s.adapters) > 1 and s.merged is False,
        after=lambda s: replace(s, adapters=s.adapters[:-1], trainable=None),
    ),
    _operation(
        "§ = §.merge_and_unload()", on=PEFT, after=_as("plain", adapters=(), trainable=None)
    ),
    _operation("§ = §.unload()", on=PEFT, after=_as("plain", adapters=(), trainable=None)),
    _operation("§ = §.get_base_model()", on=PEFT, after=_as("injected")),
    _operation("§ = copy.deepcopy(§)"),
    _operation("§ = Accelerator().prepare(§)"),
    _operation("§ = §.to('cpu')"),
    _operation("§ = get_peft_model(§, {config})", on=("plain",), after=WRAPPED),
    _operation("§ = get_peft_model(§, {config}).eval()", on=("plain",), after=WRAPPED),
    _operation(
        "§ = PeftModel.from_pretrained(§, 'my-adapter')",
        on=("plain",),
        when=lambda s: s.base in LLAMAS,
        after=_as("peft", adapters=("default",), trainable=False),
    ),
    _operation(
        "§.save_pretrained('saved')",
        "§ = AutoModelForCausalLM.from_pretrained('{base}')",
        "§ = PeftModel.from_pretrained(§, 'saved')",
        on=PEFT,
        when=lambda s: s.merged is False,
        after=_as("peft", adapters=("default",), trainable=False),
    ),
    _operation(
        "§.save_pretrained('saved')",
        "§ = AutoPeftModelForCausalLM.from_pretrained('saved', is_trainable=True)",
        on=PEFT,
        when=lambda s: s.merged is False,
        after=_as("peft", adapters=("default",), trainable=True),
    ),
    _operation(
        "§.save_pretrained('saved')",
        "§ = AutoModelForCausalLM.from_pretrained('saved')",
        on=ADAPTED,
        when=lambda s: s.merged is False and s.disabled is False,
        after=_as("native", adapters=("default",), trainable=False),
    ),
    _operation(
        "Trainer(§, TrainingArguments('saved', report_to=[], use_cpu=True)).save_model()",
        "§ = AutoModelForCausalLM.from_pretrained('saved')",
        "§.load_adapter('saved', 'again')",
        on=PEFT,
        when=lambda s: s.merged is False and s.disabled is False,
        after=_as("native", adapters=("default", "again"), trainable=False),
    ),
]


def _trainer(method: str, options: str = "") -> tuple[str, ...]:
    return (
        "arguments = TrainingArguments('out', max_steps=2, learning_rate=0.1, report_to=[], "
        f"use_cpu=True, per_device_train_batch_size=1{options})",
        "trainer = Trainer(§, arguments, train_dataset=rows, eval_dataset=rows)",
        f"trainer.{method}",
    )


def _training(*lines: str, when: Callable[[State], bool]) -> Operation:
    return _operation(*lines, on=("plain", "peft", "native"), when=when)


def _can_train(state: State) -> bool:
    return state.trainable is True and state.merged is False and state.disabled is False


TRAINING = [
    _training(
        "optimizer = torch.optim.SGD([p for p in §.parameters() if p.requires_grad], lr=0.1)",
        "loss = §(input_ids=torch.tensor([[5, 6, 7]]), labels=torch.tensor([[5, 6, 7]])).loss",
        "loss.backward()",
        "optimizer.step()",
        when=_can_train,
    ),
    _training(*_trainer("train()", ", save_strategy='no'"), when=_can_train),
    _training(*_trainer("train()", ", save_strategy='no', eval_strategy='epoch'"), when=_can_train),
    _training(
        *_trainer("train()", ", save_strategy='no', eval_strategy='steps', eval_steps=1"),
        when=_can_train,
    ),
    _training(*_trainer("train()", ", save_strategy='no'"), "§ = trainer.model", when=_can_train),
    _training(*_trainer("evaluate()"), when=lambda state: state.kind != "plain"),
    _operation(
        "arguments = SFTConfig('out', max_steps=1, learning_rate=0.1, report_to=[], "
        "use_cpu=True, bf16=False, save_strategy='no')",
        "trainer = SFTTrainer(§, arguments, train_dataset=rows, peft_config={config})",
        "§ = trainer.model",
        on=("plain",),
        after=WRAPPED,
    ),
    _operation(
        "arguments = SFTConfig('out', max_steps=1, learning_rate=0.1, report_to=[], "
        "use_cpu=True, bf16=False, save_strategy='no')",
        "trainer = SFTTrainer(model=§, args=arguments, train_dataset=rows, peft_config={config})",
        "trainer.train()",
        "§ = trainer.model",
        on=("plain",),
        after=WRAPPED,
    ),
    _training(*_trainer("predict(rows)"), when=lambda state: state.kind != "plain"),
]


@st.composite
def constructions(
    draw: Any, beside_adapters: bool, like: State | None = None
) -> tuple[list[str], State]:
    """Draw lines that make a model, and its state; `like`: of the same kind, base and adapters.

    Only beside the trained adapters can be known that a folder holds one.
    """
    base = like.base if like else draw(st.sampled_from((*LLAMAS, "base-model", "gpt2")))
    plain = draw(
        st.sampled_from(
            [
                [f"§ = AutoModelForCausalLM.from_pretrained('{base}')"],
                [f"§ = AutoModelForCausalLM.from_pretrained('{base}')"],
                [f"§ = AutoModelForCausalLM.from_pretrained('{base}')", "§.train()"],
                [
                    f"configuration = AutoConfig.from_pretrained('{base}')",
                    "§ = AutoModelForCausalLM.from_config(configuration)",
                ],
            ]
        )
    )
    config = lora(draw)
    rows: list[tuple[list[str], str, bool]] = [
        ([*plain, f"§ = get_peft_model(§, {config})"], "peft", True),
        ([*plain, f"§ = get_peft_model(§, {config}).eval()"], "peft", True),
        ([*plain, f"§.add_adapter({config})"], "native", True),
        ([*plain, f"§ = inject_adapter_in_model({config}, §)"], "injected", True),
        (plain, "plain", True),
    ]
    if base in LLAMAS:
        reinitialised = "§ = get_peft_model(§, PeftConfig.from_pretrained('my-adapter'))"
        rows = [
            ([*plain, reinitialised], "peft", False),
            ([*plain, f"{reinitialised}.eval()"], "peft", False),
            *rows,
            ([*plain, "§ = PeftModel.from_pretrained(§, 'my-adapter')"], "peft", False),
            (
                [*plain, "§ = PeftModel.from_pretrained(§, 'my-adapter', is_trainable=True)"],
                "peft",
                True,
            ),
            ([*plain, "§.load_adapter('my-adapter')"], "native", False),
            ([*plain, "§.load_adapter('my-adapter', is_trainable=True)"], "native", True),
        ]
    if base == "base-model":
        auto = "AutoPeftModelForCausalLM.from_pretrained('my-adapter'"
        rows += [
            ([f"§ = {auto})"], "peft", False),
            ([f"§ = {auto}, is_trainable=True)"], "peft", True),
        ]
        if beside_adapters:
            native = "§ = AutoModelForCausalLM.from_pretrained('my-adapter')"
            rows += [([native], "native", False), ([native, "§.train()"], "native", False)]
    if like:
        rows = [row for row in rows if row[1] == like.kind]
    lines, kind, trainable = draw(st.sampled_from(rows))
    adapters = () if kind == "plain" else ("default",)
    return lines, State(kind, base, adapters, trainable)
