"""Which paths the interpreter follows, and what switching adapters leaves: small programs."""

import pytest

from peft_lint.document import Document
from peft_lint.interpreter.joining import merge
from peft_lint.interpreter.run import run
from peft_lint.interpreter.values import Ref, contained, literal
from peft_lint.versions import Target

PREAMBLE = """\
import os
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM
m = AutoModelForCausalLM.from_pretrained("gpt2")
mode = os.getenv("MODE")
"""
PEFT = f'{PREAMBLE}m = get_peft_model(m, LoraConfig())\nm.add_adapter("two", LoraConfig())\n'


def bodies(code):
    """Return the body behind `m` on each world at the end."""
    machine = run(Document("program.py", code), Target())
    found = []
    for world in machine.ends:
        handle = world.handle(world.lookup(0, "m"))
        assert handle is not None
        found.append(world.body(handle))
    return found


def modes(code):
    return {body.training for body in bodies(PREAMBLE + code)}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("match mode:\n    case 'a': m.train()\n    case _: m.train()", {True}),
        ("match mode:\n    case 'a' | 'b': m.train()\n    case other: m.train()", {True}),
        ("match mode:\n    case 'a': m.train()", {True, False}),
        ("match mode:\n    case other if other: m.train()", {True, False}),
        ("if m.config.pad_token_id is None: m.train()", {True, False}),
        ("if m is None: m.train()", {False}),
        ("match 'a':\n    case 'a': m.train()\n    case _: m.eval()", {True}),
        ("match 'b':\n    case 'a': m.train()\n    case _: m.eval()", {False}),
        ("match None:\n    case None: m.train()\n    case _: m.eval()", {True}),
        ("match mode:\n    case 'a': m.train()\nif mode == 'a': m.eval()", {False}),
        ("match m:\n    case model: model.train()", {True}),
        ("match (mode, m):\n    case (a, b): m.train()", {True, False}),
    ],
)
def test_match_tries_its_cases_in_order(code, expected):
    assert modes(code) == expected


@pytest.mark.parametrize(
    ("inner", "expected"),
    [("mode == 'b'", {True}), ("mode == 'a'", {True, False}), ("mode != 'b'", {True, False})],
)
def test_what_equals_one_constant_equals_no_other(inner, expected):
    assert modes(f"m.train()\nif mode == 'a':\n    if {inner}:\n        m.eval()") == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("for one in range(3): m.train()", {True}),
        ("for one in mode: m.train()", {True}),
        ("for one in []: m.train()", {False}),
        ("for one in mode:\n    if one: break\n    m.train()", {True, False}),
        ("while mode: m.train()", {True, False}),
        ("while os.urandom(1) < mode: m.train()", {True, False}),
        ("while True:\n    m.train()\n    break", {True}),
    ],
)
def test_what_is_looped_over_is_not_empty(code, expected):
    assert modes(code) == expected


@pytest.mark.parametrize("test", ["tokenizer.pad_token is None", "tokenizer.pad_token is not None"])
def test_an_attribute_of_a_librarys_object_may_be_none(test):
    code = "from transformers import AutoTokenizer\n"
    code += f'tokenizer = AutoTokenizer.from_pretrained("gpt2")\nif {test}: m.train()'
    assert modes(code) == {True, False}


@pytest.mark.parametrize(
    ("code", "enabled", "trainable"),
    [
        ("", True, {"default"}),
        ("m.base_model.disable_adapter_layers()", False, set()),
        ("m.base_model.disable_adapter_layers()\nm.set_adapter('two')", False, {"two"}),
        ("m.requires_grad_(True)\nwith m.disable_adapter():\n    pass", True, {"default"}),
        (
            "m.base_model.disable_adapter_layers()\nwith m.disable_adapter():\n    pass",
            False,
            set(),
        ),
        ("with m.disable_adapter():\n    m.set_adapter('two')", True, {"two"}),
    ],
)
def test_switching_adapters_decides_what_is_trainable(code, enabled, trainable):
    (body,) = bodies(PEFT + code)
    assert body.enabled is enabled
    assert {one.name for one in body.adapters if one.trainable} == trainable
    assert None not in {one.trainable for one in body.adapters}


@pytest.mark.parametrize(
    ("code", "inside"),
    [
        ("off = m.disable_adapter()\nwith off:\n    n = copy.deepcopy(m)", {False}),
        (
            "if mode:\n    off = m.disable_adapter()\nelse:\n    off = nullcontext()\n"
            "with off:\n    n = copy.deepcopy(m)",
            {None},
        ),
        (
            "with ExitStack() as stack:\n    stack.enter_context(m.disable_adapter())\n"
            "    n = copy.deepcopy(m)",
            {None},
        ),
    ],
)
def test_what_may_switch_adapters_off_leaves_it_unknown(code, inside):
    imports = "import copy\nfrom contextlib import ExitStack, nullcontext\n"
    assert {body.enabled for body in bodies(f"{PEFT}{imports}{code}\nm = n")} == inside


def test_adapters_are_on_again_after_what_may_have_switched_them_off():
    code = "if mode:\n    off = m.disable_adapter()\nelse:\n    off = open('log')\n"
    (body,) = bodies(f"{PEFT}{code}with off:\n    m.eval()")
    assert body.enabled is True
    assert {one.trainable for one in body.adapters} == {None}


def test_a_handler_of_the_last_assignment_sees_what_was_before():
    code = "try:\n    x = get_peft_model(m, LoraConfig())\nexcept OSError:\n    x = None"
    found = bodies(
        f"{PREAMBLE}{code}\nif x is not None:\n    m = get_peft_model(m, LoraConfig(), 'b')"
    )
    assert {len(body.adapters) for body in found} == {0, 2}


@pytest.mark.parametrize(
    ("code", "active"),
    [
        ("m.delete_adapter('two')", ("default",)),
        ("m.delete_adapter('default')", ("two",)),
        ("m.add_adapter('a', LoraConfig())\nm.delete_adapter('default')", ("a",)),
    ],
)
def test_the_first_by_name_is_active_when_the_active_one_is_deleted(code, active):
    (body,) = bodies(PEFT + code)
    assert body.active == active
    assert {one.name for one in body.adapters if one.trainable} == set(active)


HELD = {
    "an attribute of something unknown": """
holder = os.getenv("HOLDER")
holder.model = m
holder.model.train()
""",
    "an item of something unknown": """
holder = os.getenv("HOLDER")
holder["model"] = m
holder["model"].train()
""",
    "the function around the function around": """
def outer():
    model = m
    def middle():
        def inner():
            model.train()
        inner()
    middle()
outer()
""",
    "the base class": """
class Base:
    def __init__(self):
        self.model = m
        self.model.train()
class Derived(Base):
    def __init__(self):
        super().__init__()
held = Derived()
""",
}


@pytest.mark.parametrize("code", HELD.values(), ids=HELD)
def test_no_way_to_a_model_is_left_out(code):
    assert modes(code) == {True}


def test_an_object_that_only_a_default_value_keeps_is_unknown_not_a_crash():
    text = (
        "import random\nfrom transformers import AutoModelForCausalLM, Trainer\n"
        "def use(model=AutoModelForCausalLM.from_pretrained('a')):\n"
        "    model.config.x = 1\n    model.note = 2\n    return model.generate()\n"
        "if random.random():\n    other = AutoModelForCausalLM.from_pretrained('b')\n"
        "    Trainer(model=other).train()\nprint()\nuse()\n"
    )
    assert run(Document("a.py", text), Target()).ends


@pytest.mark.parametrize(
    "code",
    [
        # A method that only sets a flag decides what the next one does.
        "class A:\n"
        "    def __init__(self): self.flag = False\n"
        "    def setup(self): self.flag = True\n"
        "    def run(self, model):\n"
        "        self.setup()\n"
        "        if self.flag: model.train()\n"
        "A().run(m)",
        # So does a function that sets a global, and a statement that sets an attribute.
        "kind = 'a'\n"
        "def setup():\n"
        "    global kind\n"
        "    kind = 'b'\n"
        "setup()\n"
        "if kind == 'b': m.train()",
        "flags = {'a': False}\n"
        "def setup(given): given['a'] = True\n"
        "setup(flags)\n"
        "if flags['a']: m.train()",
        "class A: pass\n"
        "a = A()\n"
        "a.flag = False\n"
        "with open('x') as stream:\n"
        "    a.flag = True\n"
        "if a.flag: m.train()",
    ],
)
def test_what_settles_a_condition_is_run(code):
    assert modes(code) == {True}


def test_what_skipped_code_assigns_is_unknown():
    code = (
        "class A:\n"
        "    def __init__(self): self.flag = False\n"
        "    def setup(self): self.flag = mode.strip()\n"
        "    def run(self, model):\n"
        "        self.setup()\n"
        "        if self.flag: model.train()\n"
        "A().run(m)"
    )
    assert modes(code) == {True, False}


def test_a_call_too_deep_to_follow_may_do_anything_to_its_object():
    links = "".join(f"    def f{n}(self): self.f{n + 1}()\n" for n in range(6))
    start = "    def __init__(self, model): self.model = model\n"
    end = "    def f6(self): self.model.train()\n"
    assert modes(f"class A:\n{start}{links}{end}A(m).f0()") == {None}


def test_a_call_too_deep_to_follow_may_do_anything_to_a_global():
    links = "".join(f"def f{n}(): f{n + 1}()\n" for n in range(6))
    assert modes(f"{links}def f6(): m.train()\nf0()") == {None}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("d.setdefault('alpha', 8)", None),
        ("d.update(given)", None),
        ("d.update(r=4)", None),
        ("d.pop('r')", None),
        ("del d['r']", None),
        ("d |= given", None),
        ("d = {**d, **given}", None),
        ("for key in given: d[key] = given[key]", None),
        ("d['r'] = 4", 4),
        ("d = {**given, **d}", 16),
        ("d = {**d, 'r': 2}", 2),
        ("d = dict(d, r=2)", 2),
        ("pass", 16),
    ],
)
def test_what_a_dict_held_is_forgotten_once_it_may_hold_something_else(change, expected):
    code = f"def make(given):\n    d = {{'r': 16}}\n    {change}\n    return LoraConfig(**d)\n"
    code += "m = get_peft_model(m, make(mode))"
    (body,) = bodies(PREAMBLE + code)
    assert literal(body.adapters[0].config.get("r")) == expected


EXECUTED = PREAMBLE + "m.train()\nrank = 8\n"


@pytest.mark.parametrize(
    "code",
    ["exec(text)", "exec(open('a.py').read())", "def f():\n    exec(text)\nf()"],
)
def test_what_is_executed_from_text_may_rebind_and_seed_whatever_there_is(code):
    machine = run(Document("program.py", f"{EXECUTED}{code}\n"), Target())
    (world,) = machine.ends
    assert world.handle(world.lookup(0, "m")) is None
    assert literal(world.lookup(0, "rank")) is None
    assert world.seeded is None
    # Nobody executes another `PeftModel` in the place of PEFT's.
    assert world.lookup(0, "PeftModel").name == "peft.PeftModel"


def test_what_is_executed_with_names_of_its_own_may_seed_only():
    machine = run(Document("program.py", f"{EXECUTED}exec(text, {{}})\n"), Target())
    (world,) = machine.ends
    assert world.handle(world.lookup(0, "m")) is not None
    assert literal(world.lookup(0, "rank")) == 8
    assert world.seeded is None


def test_what_lies_beyond_the_visits_is_given_up_in_the_order_of_its_names():
    names = "fedcba"
    code = PREAMBLE + "".join(
        f'{name} = AutoModelForCausalLM.from_pretrained("gpt2")\n' for name in names
    )
    given = ", ".join(names)
    code += f"def use({given}):\n    return [{given}]\n" + f"use({given})\n" * 9
    lost = []

    def listener(event, machine):
        if type(event).__name__ == "Escaped":
            lost.append(event.handle)

    machine = run(Document("program.py", code), Target(), listener)
    (world,) = machine.ends
    assert lost == [world.lookup(0, name).id for name in sorted(names)]


def test_an_id_that_means_one_object_on_each_side_leads_to_no_other():
    world = run(Document("program.py", f"{PREAMBLE}c = LoraConfig()\n"), Target()).ends[0]
    handle, config = world.handle(world.lookup(0, "m")), world.state(world.lookup(0, "c"))
    assert handle is not None
    left, right = world.fork(), world.fork()
    left.add(config)
    body = right.add(world.body(handle))
    outer = right.add(handle._replace(body=body.id))
    right.bind(right.push(0), "model", outer)
    merged = merge(left, right)
    assert outer.id not in merged.heap
    assert merged.state(Ref(body.id)) == config
    assert all(outer.id not in contained(value) for value in _values(merged))


def _values(world):
    return [value for frame in world.frames.values() for value in frame.variables.values()]


@pytest.mark.parametrize("order", [("vars(o)", "pass"), ("pass", "vars(o)")])
def test_an_object_that_one_path_opens_is_open_after_the_paths_meet(order):
    code = (
        f"{PREAMBLE}class Options:\n    lora = False\n\no = Options()\n"
        f"if mode:\n    m.eval()\n    {order[0]}\nelse:\n    m.eval()\n    {order[1]}\n"
        "if not o.lora:\n    m.train()\n"
    )
    assert {body.training for body in bodies(code)} == {True, False}
