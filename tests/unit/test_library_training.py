"""What the library models say of gradients, parameter lists, optimizers and the end of a program."""

import pytest

from peft_lint.document import Document
from peft_lint.events import Stepped
from peft_lint.interpreter.joining import settle
from peft_lint.interpreter.objects import Body, Optimizer
from peft_lint.interpreter.run import run
from peft_lint.versions import Target

PREAMBLE = """
import sys
import torch
from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, Trainer
base = AutoModelForCausalLM.from_pretrained("base-model")
"""
WRAP = "model = get_peft_model(base, LoraConfig())\n"
EVERY = "for p in model.parameters():\n    p.requires_grad = False\n"
NAMED = "for name, p in model.named_parameters():\n    "


def interpreted(code):
    events = []
    machine = run(
        Document("x.py", PREAMBLE + code), Target(), lambda event, _: events.append(event)
    )
    return machine, events


def gradients(code):
    """Return whether the adapters can be trained at the end, and whether other parameters can."""
    machine, _ = interpreted(code)
    (world,) = settle(machine.ends, limit=1)
    (body,) = (state for state in world.heap.values() if isinstance(state, Body))
    return [one.trainable for one in body.adapters or ()], body.others


@pytest.mark.parametrize(
    ("code", "adapters", "others"),
    [
        ("", [], True),
        (WRAP, [True], False),
        ("model = PeftModel.from_pretrained(base, 'a')", [False], False),
        ("model = PeftModel.from_pretrained(base, 'a'); model.set_adapter('default')", [True], False),
        (WRAP + "model.requires_grad_(False)", [False], False),
        (WRAP + "model.requires_grad_()", [True], True),
        (WRAP + "prepare_model_for_kbit_training(model)", [False], False),
        (WRAP + EVERY, [False], False),
        (WRAP + NAMED + "p.requires_grad = False", [False], False),
        (WRAP + NAMED + "p.requires_grad_(False)", [False], False),
        (WRAP + EVERY.replace("model.", "base."), [False], False),
        (WRAP + EVERY.replace("model.", "model.base_model."), [False], False),
        (WRAP + EVERY.replace("model.", "base.model."), [None], None),
        (WRAP + NAMED + "if 'lora' not in name:\n        p.requires_grad = False", [None], None),
        (WRAP + NAMED + "if 'lora' in name: continue\n    p.requires_grad = False", [None], None),
        (WRAP + NAMED + "p.requires_grad = 'lora' in name", [None], None),
        (WRAP + "[p.requires_grad_(False) for p in model.parameters()]", [None], None),
        (WRAP + "list(map(lambda p: p.requires_grad_(False), model.parameters()))", [None], None),
        (WRAP + "base.lm_head.requires_grad_(True)", [None], None),
        (WRAP + "base.lm_head.weight.requires_grad = True", [None], None),
        (WRAP + "base.get_input_embeddings().weight.requires_grad = True", [None], None),
        (WRAP + "dict(model.named_parameters())['x'].requires_grad = True", [None], None),
        (WRAP + "some = {n: p for n, p in model.named_parameters()}\n"
         "for p in some.values():\n    p.requires_grad = False", [None], None),
        (WRAP + "base.lm_head = torch.nn.Linear(2, 2)", [True], None),
        (WRAP + "base.model.norm = torch.nn.LayerNorm(2)", [True], None),
        (WRAP + "base.model.config.pad_token_id = 0", [True], False),
    ],
)  # fmt: skip
def test_what_can_be_trained(code, adapters, others):
    assert gradients(code) == (adapters, others)


@pytest.mark.parametrize(
    ("code", "held"),
    [
        ("model.parameters()", 1),
        ("base.parameters()", 1),
        ("[p for p in model.parameters() if p.requires_grad]", 1),
        ("filter(lambda p: p.requires_grad, model.parameters())", 1),
        ("list(model.parameters())", 1),
        ("[{'params': model.parameters(), 'lr': 0.1}]", 1),
        ("[p for _, p in before]", 0),
        ("before", 0),
        ("model.lm_head.parameters()", None),
        ("torch.nn.Linear(1, 1).parameters()", "no optimizer"),
        ("[*model.parameters(), *torch.nn.Linear(1, 1).parameters()]", "incomplete"),
    ],
)
def test_what_an_optimizer_holds(code, held):
    before = "before = list(base.parameters())\n"
    machine, _ = interpreted(f"{before}{WRAP}optimizer = torch.optim.AdamW({code}, lr=0.1)")
    found = [one for one in machine.ends[0].heap.values() if isinstance(one, Optimizer)]
    if held == "no optimizer":
        assert not found
        return
    if held == "incomplete":
        assert not found or not found[0].complete
        return
    (optimizer,) = found
    (parameters,) = optimizer.held
    assert optimizer.complete
    count = None if parameters.adapters is None else len(parameters.adapters)
    assert count == held


@pytest.mark.parametrize(
    "code",
    [
        "optimizer.step()",
        "scaler = torch.amp.GradScaler()\nscaler.step(optimizer)",
        "Trainer(model=model, optimizers=(optimizer, None)).train()",
    ],
)
def test_steps_are_told(code):
    _, events = interpreted(
        f"{WRAP}optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n{code}"
    )
    assert len([event for event in events if isinstance(event, Stepped)]) == 1


def test_more_parameters_may_join_an_optimizer():
    made = "optimizer = torch.optim.SGD(base.parameters(), lr=0.1)\n" + WRAP
    known = "optimizer.add_param_group({'params': list(model.parameters())})"
    unknown = "optimizer.param_groups.append(some)"
    for code, sizes, complete in [(known, [0, 1], True), (unknown, [], False)]:
        machine, _ = interpreted(made + code)
        heap = machine.ends[0].heap.values()
        (optimizer,) = (one for one in heap if isinstance(one, Optimizer))
        assert [len(one.adapters or ()) for one in optimizer.held] == sizes
        assert optimizer.complete is complete


@pytest.mark.parametrize("end", ["sys.exit()", "exit(1)", "quit()", "raise SystemExit"])
def test_a_path_ends_where_the_program_does(end):
    code = f"if len(sys.argv) > 1:\n    model = PeftModel.from_pretrained(base, 'a')\n    {end}\n"
    assert gradients(code) == ([], True)


def test_what_the_module_has_made_is_there_after_it_was_left():
    machine, _ = interpreted(WRAP + "def main():\n    sys.exit(0)\nmain()")
    assert [isinstance(one, Body) for one in machine.ends[0].heap.values()].count(True) == 1
