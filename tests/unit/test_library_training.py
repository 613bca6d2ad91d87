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
from peft import LoraConfig, PeftModel, PromptTuningConfig, get_peft_model
from peft import prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, Trainer
base = AutoModelForCausalLM.from_pretrained("base-model")
"""
REMOTE = "base = AutoModelForCausalLM.from_pretrained('own', trust_remote_code=True)\n"
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
    *_, body = (state for state in world.heap.values() if isinstance(state, Body))
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


HEADED = WRAP.replace("LoraConfig()", "LoraConfig(modules_to_save=['lm_head'])")
PROMPTS = WRAP.replace("LoraConfig()", "PromptTuningConfig(task_type='CAUSAL_LM')")
LOADED = "model = PeftModel.from_pretrained(base, 'a')\n"
TWO = WRAP + "model.add_adapter('new', LoraConfig())\n"


@pytest.mark.parametrize(
    ("code", "adapters", "others"),
    [
        (WRAP + NAMED + "if 'lora' not in name:\n        p.requires_grad = False", [True], False),
        (WRAP + NAMED + "if 'lora' in name: continue\n    p.requires_grad = False", [True], False),
        (WRAP + NAMED + "if 'lora' in name: p.requires_grad = False", [False], False),
        (WRAP + NAMED + "if 'lora' in name.lower(): p.requires_grad = False", [False], False),
        (WRAP + NAMED + "p.requires_grad = 'lora' in name", [True], False),
        (WRAP + NAMED + "p.requires_grad = 'lora' not in name", [False], True),
        (WRAP + NAMED + "p.requires_grad = name.startswith('lora_')", [False], False),
        (WRAP + NAMED + "p.requires_grad = name.startswith(('lora_', 'ia3_'))", [False], False),
        (WRAP + NAMED + "p.requires_grad = name.startswith('base_model')", [None], None),
        (WRAP + NAMED + "p.requires_grad = name.endswith('lora_A.default.weight')", [None], False),
        (WRAP + NAMED + "p.requires_grad = 'ia3_' in name or 'lora_' in name", [True], False),
        (WRAP + NAMED + "p.requires_grad = 'ia3_' in name and 'norm' in name", [False], False),
        (WRAP + NAMED + "p.requires_grad = any(k in name for k in ('lora_', 'norm'))", [True], None),
        (WRAP + NAMED + "p.requires_grad = all(k in name for k in ('ia3_', 'q'))", [False], False),
        (WRAP + NAMED + "p.requires_grad = any(k in name for k in out_of_view())", [None], None),
        (WRAP + NAMED + "if 'lora_A' in name: p.requires_grad = False", [None], False),
        (WRAP + NAMED + "if 'q_proj' in name: p.requires_grad = False", [None], False),
        (WRAP + NAMED + "if 'q_proj' in name: p.requires_grad = True", [True], None),
        (WRAP + NAMED + "if p.dtype == torch.half: p.requires_grad = False", [None], False),
        (WRAP + NAMED + "if not p.requires_grad: continue\n    p.requires_grad = False", [False], False),
        (WRAP + NAMED + "p.requires_grad = False\n    if 'lora_' in name: p.requires_grad = True",
         [True], False),
        (WRAP + NAMED + "p.requires_grad = False\n    if 'q_proj' in name: p.requires_grad = True",
         [None], None),
        (WRAP + NAMED + "p.requires_grad = False\n    if 'q_proj' in name: break", [None], None),
        (WRAP + NAMED + "for key in ('x', 'lora_'):\n        if key in name:\n"
         "            p.requires_grad = False\n            break", [False], False),
        (WRAP + NAMED + "if 'norm' in name: p.requires_grad = True\n"
         "    elif 'lora_' in name: p.requires_grad = False\n    else: p.requires_grad = False",
         [None], None),
        (WRAP + "for i, (n, p) in enumerate(model.named_parameters()):\n"
         "    p.requires_grad = 'lora_' in n", [True], False),
        (WRAP + "seen = False\n" + NAMED + "seen = seen or 'lora_' in name\n    p.requires_grad = seen",
         [True], None),
        (WRAP + "def choose(n, p):\n    p.requires_grad_('lora_' in n)\n" + NAMED + "choose(name, p)",
         [True], False),
        (WRAP + "[p.requires_grad_(False) for p in model.parameters()]", [False], False),
        (WRAP + "[p.requires_grad_('lora_' in n) for n, p in model.named_parameters()]", [True], False),
        (WRAP + "[p.requires_grad_(False) for n, p in model.named_parameters() if 'lora_' in n]",
         [False], False),
        (WRAP + "[p.requires_grad_(False) for n, p in model.named_parameters() if 'q_' in n]",
         [None], False),
        (HEADED + NAMED + "if 'lora' not in name: p.requires_grad = False", [None], False),
        (HEADED + NAMED + "p.requires_grad = 'lora' in name or 'to_save' in name", [None], None),
        (HEADED + NAMED + "p.requires_grad = 'base_model' in name", [True], True),
        (PROMPTS + NAMED + "p.requires_grad = 'prompt_encoder' in name", [True], None),
        (PROMPTS + NAMED + "p.requires_grad = 'lora_' in name", [False], False),
        (PROMPTS + NAMED.replace("model.", "base.") + "p.requires_grad = False", [True], False),
        (LOADED + NAMED + "p.requires_grad = 'lora_' in name", [None], False),
        (LOADED + NAMED + "if 'lora_' not in name: p.requires_grad = False", [False], False),
        (LOADED + NAMED + "if 'lora_' in name: p.requires_grad = True", [None], False),
        (TWO + NAMED + "p.requires_grad = 'default' in name", [True, None], None),
        (TWO + NAMED + "p.requires_grad = 'lora' in name", [True, True], False),
        (TWO + "model.add_adapter('third', LoraConfig())\n" + NAMED + "p.requires_grad = 'lora' in name",
         [None, None, None], None),
        (WRAP + "for n, p in zip(range(3), model.parameters()):\n    p.requires_grad = False", [None], None),
        ("base.model.norm = Own()\n" + WRAP + NAMED + "p.requires_grad = 'ia3_' in name", [None], None),
        (REMOTE + WRAP + NAMED + "p.requires_grad = 'lora' in name", [True], None),
        (REMOTE + WRAP + NAMED + "if 'ia3_' in name: p.requires_grad = False", [None], False),
        (REMOTE + WRAP + NAMED + "p.requires_grad = name.startswith('lora_')", [False], False),
    ],
)  # fmt: skip
def test_what_names_of_parameters_select(code, adapters, others):
    """True and False are claims on all parameters of an adapter; what names leave open is None."""
    assert gradients(code) == (adapters, others)


CAUSAL = WRAP.replace("LoraConfig()", "LoraConfig(task_type='CAUSAL_LM')")
MIXED = WRAP.replace("LoraConfig()", "LoraConfig(), mixed=True")


@pytest.mark.parametrize(
    ("code", "test", "holds"),
    [
        (CAUSAL, "type(model).__name__ == 'PeftModelForCausalLM'", True),
        (CAUSAL, "'PeftModelForCausalLM' == model.__class__.__name__", True),
        (CAUSAL, "type(model).__name__ == 'PeftModel'", False),
        (CAUSAL, "'PeftModel' in type(model).__name__", True),
        (CAUSAL, "'LlamaFor' in type(model).__name__", None),
        (CAUSAL, "type(torch.compile(model)).__name__ == 'OptimizedModule'", None),
        (MIXED, "type(model).__name__ == 'PeftMixedModel'", True),
        (MIXED, "type(model).__name__ in ('PeftModel', 'PeftModelForCausalLM')", False),
        (LOADED, "type(model).__name__ in ('PeftModel', 'PeftModelForCausalLM')", True),
        (LOADED, "type(model).__name__ in ('PeftModel', sys.argv[1])", None),
        (LOADED, "type(model).__name__ != 'PeftModelForCausalLM'", False),
        (LOADED, "type(model).__name__ == 'PeftMixedModel'", False),
        ("model = base\n", "'Peft' in type(model).__name__", False),
        ("model = base\n", "type(model).__name__ == 'LlamaForCausalLM'", None),
        ("model = base.model\n", "'Peft' in type(model).__name__", None),
    ],
)
def test_what_the_name_of_a_class_says(code, test, holds):
    machine, _ = interpreted(f"{code}found = True if {test} else False")
    (world,) = settle(machine.ends, limit=1)
    found = world.frames[0].variables["found"].values
    assert (found[0] if len(found) == 1 else None) is holds


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
        "scaler = torch.amp.GradScaler()\nscaler.unscale_(optimizer)\nscaler.step(optimizer)",
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


@pytest.mark.parametrize(
    ("code", "dtype"),
    [
        ("base.half()", "float16"),
        ("base.to(torch.float16)", "float16"),
        ("base.to('cpu', dtype=torch.half)", "float16"),
        ("base.half().float()", "float32"),
        (f"{WRAP}model.bfloat16()", "bfloat16"),
        ("base.to('cpu')\nbase.to(device)\nbase.to(args.device)\nbase.to(torch.device(name))", ...),
        ("base.to(f'cuda:{rank}')\nbase.cuda(0)\nbase.cpu()", ...),
        ("base.half()\nbase.to(dtype)", None),
        ("base.half()\nbase.to(**settings)", None),
        ("base.half()\nbase.lm_head.to(torch.float32)", None),
        ("base.half()\nbase.lm_head.to('cpu')", "float16"),
        ("base.half()\nfor p in base.parameters():\n    p.data = p.data.float()", None),
        ("base.half()\nfor m in base.modules():\n    m.to(torch.float32)", None),
        ("base.half()\nfor p in base.parameters():\n    print(p.shape)", "float16"),
        ("base.half()\nif flag:\n    base.float()", None),
        ("base.half()\nprepare_model_for_kbit_training(base)", "float32"),
        (f"{WRAP}model.half()\ncast_mixed_precision_params(model, torch.float16)", None),
    ],
)
def test_the_last_cast_is_known(code, dtype):
    """`...` stands for no cast at all, None for one to some other dtype, or of some weights."""
    machine, _ = interpreted(f"from peft import cast_mixed_precision_params\n{code}")
    (world,) = settle(machine.ends, limit=1)
    (body,) = (state for state in world.heap.values() if isinstance(state, Body))
    assert (... if body.cast is None else body.cast[1]) == dtype
