"""The rules on training against reality: nothing of an adapter changes, if and only if one fires.

The programs are drawn from the steps below, the same ones each time.
"""

import os
from collections import Counter
from dataclasses import dataclass
from functools import partial
from random import Random

import pytest

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target
from tests.proofs.harness import run
from tests.proofs.harness.training import changed, watch

PROGRAMS = int(os.environ.get("PEFT_LINT_PROGRAMS", "200"))
SEED = int(os.environ.get("PEFT_LINT_SEED", "0"))
# Each says that nothing of the adapter that is meant is trained.
JUDGED = tuple(f"PEF{number}" for number in (310, 318, 401, 402, 403, 404, 405, 410, 411, 419))
LOUD = ("does not require grad", "empty parameter list", "doesn't match the size of optimizer")

# What the runs put into the namespace; to watch a model changes nothing of it.
NAMES = "from builtins import print as watch; from settings import flag\n"
IMPORTS = """\
import copy
import torch
from datasets import Dataset
from peft import AutoPeftModelForCausalLM, IA3Config, LoraConfig, PeftConfig, PeftModel
from peft import get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, Trainer, TrainingArguments
from trl import SFTConfig, SFTTrainer

rows = Dataset.from_dict({"input_ids": [[5, 6, 7]] * 2, "labels": [[5, 6, 7]] * 2})
tokens = torch.tensor([[5, 6, 7]])
options = dict(
    output_dir="out", max_steps=1, learning_rate=0.1, report_to=[], use_cpu=True,
    save_strategy="no",
)
"""
LORA = 'LoraConfig(task_type="CAUSAL_LM", init_lora_weights=False)'
IA3 = 'IA3Config(task_type="CAUSAL_LM")'
BASES = (
    "base = AutoModelForCausalLM.from_pretrained('base-model')",
    "base = AutoModelForCausalLM.from_pretrained('meta-llama/Llama-3.2-1B')",
    "base = AutoModelForCausalLM.from_pretrained(\n"
    "    'base-model', quantization_config=BitsAndBytesConfig(load_in_8bit=True)\n)",
)
BEFORE = (
    *("",) * 6,
    "base = prepare_model_for_kbit_training(base)",
    "for p in base.parameters():\n    p.requires_grad = False",
    "base.requires_grad_(False)",
    "base.train()",
)
WRAPS = (
    *(f"model = get_peft_model(base, {LORA})",) * 4,
    f"model = get_peft_model(base, {IA3})",
    f"config = {LORA}\nmodel = get_peft_model(base, config)",
    "model = PeftModel.from_pretrained(base, 'my-adapter')",
    "model = PeftModel.from_pretrained(base, 'my-adapter', is_trainable=True)",
    "model = PeftModel.from_pretrained(base, 'my-adapter', 'default', True)",
    "model = AutoPeftModelForCausalLM.from_pretrained('my-adapter')",
    "model = AutoPeftModelForCausalLM.from_pretrained('my-adapter', is_trainable=True)",
    "config = PeftConfig.from_pretrained('my-adapter')\nmodel = get_peft_model(base, config)",
    "config = PeftConfig.from_pretrained('my-adapter')\nconfig.inference_mode = False\n"
    "model = get_peft_model(base, config)",
    "base.load_adapter('my-adapter')\nmodel = base",
    "base.load_adapter('my-adapter', is_trainable=True)\nmodel = base",
    f"base.add_adapter({LORA})\nmodel = base",
)
# Tests of a parameter's name: each says the same of all that an adapter of a kind trains.
TESTS = (
    *("'lora_' in name", "'lora' in name") * 3,
    "'ia3_' in name",
    "'lora_' in name or 'ia3_' in name",
    "'lora_' in name or 'modules_to_save' in name",
    "any(key in name for key in ('lora_', 'ia3_'))",
    "name.startswith('lora_')",
    "name.startswith(('lora_', 'ia3_'))",
    "'.lora_' in name and name.startswith('lora_')",
)
# These choose the base instead, whose quantised weights cannot be trained.
INVERSE = (
    "'lora_' not in name",
    "'lora' not in name",
    "not 'ia3_' in name",
    "'lora_' not in name and 'ia3_' not in name",
)
# These do so of some parameters only, or of names that only the base can tell.
OPEN_TESTS = (
    "'lora_A' in name",
    "'q_proj' in name",
    "'default' in name",
    "'new' in name",
    "name.endswith('weight')",
    "name.startswith('base_model.model.model')",
    "'lora_' in name and '.0.' in name",
)
# What a loop does with them: it only freezes, or it chooses what is trained.
FREEZES = (
    "for name, p in {m}.named_parameters():\n    if TEST:\n        p.requires_grad = False",
    "for name, p in {m}.named_parameters():\n    if TEST:\n        continue\n"
    "    p.requires_grad = False",
    "for i, (name, p) in enumerate({m}.named_parameters()):\n    if p.requires_grad and TEST:\n"
    "        p.requires_grad = False",
    "[p.requires_grad_(False) for name, p in {m}.named_parameters() if TEST]",
)
CHOOSES = (
    "for name, p in {m}.named_parameters():\n    if TEST:\n        p.requires_grad = True",
    "for name, p in {m}.named_parameters():\n    p.requires_grad = TEST",
    "for name, p in base.named_parameters():\n    p.requires_grad_(TEST)",
    "for name, p in {m}.named_parameters():\n    p.requires_grad = False\n"
    "    if TEST:\n        p.requires_grad = True",
    "for name, p in {m}.named_parameters():\n    if 'modules_to_save' in name:\n"
    "        p.requires_grad_(False)\n"
    "    elif TEST:\n        p.requires_grad_(True)\n    else:\n        p.requires_grad_(False)",
    "[p.requires_grad_(TEST) for name, p in {m}.named_parameters()]",
)
COPY = "{m} = copy.deepcopy({m})"
ADD = "{{m}}.add_adapter('new', {})"
SWITCH = "{m}.set_adapter('new')"
AFTER = (
    *("",) * 4,
    *FREEZES,
    *CHOOSES,
    "for p in {m}.parameters():\n    p.requires_grad = False",
    "for name, p in {m}.named_parameters():\n    p.requires_grad_(False)",
    "{m}.requires_grad_(False)",
    "{m} = prepare_model_for_kbit_training({m})",
    "prepare_model_for_kbit_training(base)",
    "{m}.set_adapter('default')",
    "{m}.set_adapter('default')",
    "{m}.train()",
    "{m}.eval()",
    COPY,
    "{m}.save_pretrained('saved')",
    "{m}.to('cpu')",
)
SGD = "optimizer = torch.optim.SGD({}, lr=0.1)"
EARLY = (
    SGD.format("base.parameters()"),
    "kept = [p for p in base.parameters() if p.requires_grad]",
    "kept = list(base.parameters())",
)
LATE = (
    SGD.format("{m}.parameters()"),
    SGD.format("[p for p in {m}.parameters() if p.requires_grad]"),
    SGD.format("filter(lambda p: p.requires_grad, {m}.parameters())"),
    SGD.format("[p for n, p in {m}.named_parameters() if 'ia3_' in n or 'lora_' in n]"),
    SGD.format("[p for n, p in {m}.named_parameters() if p.requires_grad and 'norm' not in n]"),
    SGD.format("[{{'params': [p for p in {m}.parameters() if p.requires_grad], 'lr': 0.1}}]"),
)
STEP = """\
watch({m})
{m}.enable_input_require_grads()
loss = {m}(input_ids=tokens, labels=tokens).loss
loss.backward()
optimizer.step()"""
TRAINERS = (
    "watch({m})\narguments = TrainingArguments(gradient_checkpointing=True, **options)\n"
    "trainer = Trainer({m}, arguments, train_dataset=rows)\ntrainer.train()",
    "watch({m})\narguments = SFTConfig(bf16=False, **options)\n"
    "SFTTrainer(model={m}, args=arguments, train_dataset=rows).train()",
)


@dataclass(frozen=True)
class Program:
    """A script that loads, wraps, may freeze, and trains; `flag` is what a condition is.

    `excuse` is why the interpreter may not know what is trained, empty where it has to.
    """

    source: str
    has_flag: bool
    excuse: str


def draw(random: Random) -> Program:
    """Draw one program."""
    own_loop = random.random() < 0.5
    wrap = random.choice(WRAPS)
    early = random.choice(EARLY) if own_loop and random.random() < 0.3 else ""
    before = [random.choice(BEFORE), early]
    random.shuffle(before)
    chosen = [random.choice(AFTER) for _ in range(random.choice((1, 1, 2, 3)))]
    after = list(chosen)
    has_flag = random.random() < 0.3
    excuse = ""
    for at, step in enumerate(chosen):
        if "TEST" in step:
            kind = random.choice((TESTS, TESTS, OPEN_TESTS, INVERSE))
            after[at] = step.replace("TEST", random.choice(kind))
            if kind is OPEN_TESTS or "my-adapter" in wrap:
                excuse = "by the names of parameters"
            elif kind is INVERSE and step in CHOOSES:
                excuse = "the base is trained instead"
    if has_flag:
        at = random.randrange(len(after))
        if "set_adapter" in after[at] or chosen[at] in CHOOSES:
            excuse = "a condition may keep the frozen adapter from training"
        after[at] = "if flag:\n" + _indented(after[at] or "pass")
    end = random.choice(TRAINERS)
    late = random.choice(LATE)
    if own_loop:
        if early:
            late = SGD.format("kept") if early.startswith("kept") else ""
        end = f"{late}\n{STEP}"
    if not wrap.endswith("model = base") and random.random() < 0.25:
        add = ADD.format(IA3 if "IA3" in wrap else LORA)
        after.insert(random.randrange(len(after) + 1), add)
        if own_loop and not early and random.random() < 0.5:
            end = f"{late}\n{SWITCH}\n{STEP}"
        else:
            after.append(random.choice(("", SWITCH)))
    if early and (COPY in after or "Auto" in wrap):
        excuse = "the optimizer is another model's"
    unfreezes = any(one in step for one in INVERSE for step in after)
    parts = [random.choice(BASES[:1] if unfreezes else BASES), *before, wrap, *after, end]
    return Program(random.choice(STYLES)([part for part in parts if part]), has_flag, excuse)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _in_module(parts: list[str]) -> str:
    return IMPORTS + "\n".join(parts).format(m="model") + "\n"


def _in_function(parts: list[str]) -> str:
    body = _indented("\n".join(parts).format(m="model") + "\nreturn model")
    return f"{IMPORTS}\n\ndef main():\n{body}\n\n\nmodel = main()\n"


def _in_helpers(parts: list[str]) -> str:
    *build, end = parts
    made = _indented("\n".join(build).format(m="model") + "\nreturn base, model")
    fit = _indented(end.format(m="tuned"))
    if "optimizer" not in end or "kept" in end or "optimizer =" not in end:
        return _in_module(parts)
    return (
        f"{IMPORTS}\n\ndef build():\n{made}\n\n\ndef fit(tuned, base):\n{fit}\n\n\n"
        "base, model = build()\nfit(model, base)\n"
    )


def _in_object(parts: list[str]) -> str:
    *build, end = parts
    made = "\n".join(build).format(m="model") + "\nself.model, self.base = model, base"
    if "optimizer" in made:
        made += "\nself.optimizer = optimizer"
    if "kept" in made:
        made += "\nself.kept = kept"
    fit = end.format(m="self.model").replace("optimizer.", "self.optimizer.")
    fit = fit.replace("optimizer =", "self.optimizer =").replace("(kept", "(self.kept")
    return (
        f"{IMPORTS}\n\nclass Runner:\n    def __init__(self):\n{_indented(_indented(made))}\n\n"
        f"    def fit(self):\n{_indented(_indented(fit))}\n\n\n"
        "runner = Runner()\nrunner.fit()\nmodel = runner.model\n"
    )


STYLES = (_in_module, _in_function, _in_helpers, _in_object)


def test_nothing_changes_where_a_rule_fires_and_only_there(record_property):
    random = Random(SEED)
    rules = [rule for rule in all_rules() if rule.module]
    raised, untrained, wrong = 0, 0, []
    fired_by: Counter[str] = Counter()
    excused: Counter[str] = Counter()
    for _ in range(PROGRAMS):
        program = draw(random)
        results = [_trained(program.source, flag) for flag in flags(program)]
        if None in results:
            raised += 1
            continue
        nothing = 0 in results
        untrained += nothing
        document = Document("program.py", NAMES + program.source)
        found = find(document, rules, Target())
        fired = [one.code for one in found if one.code in JUDGED]
        fired_by.update(fired)
        others = [one.code for one in found if one.code not in (*JUDGED, "PEF101", "PEF201")]
        if nothing and not fired and program.excuse:
            excused[program.excuse] += 1
        elif bool(fired) != nothing or len(set(fired)) > len(results) or others:
            kind = "missed" if nothing and not fired else "false"
            wrong.append(f"{kind} alarm {fired} {others}, changed {results}:\n{program.source}")
    figure = f"{PROGRAMS} programs ({raised} raised), {untrained} train nothing"
    record_property("figure", f"training: {figure}, {len(wrong)} judged wrongly")
    record_property("figure", f"training: found {dict(fired_by)}, excused {dict(excused)}")
    assert not wrong, f"{len(wrong)} of {PROGRAMS}\n\n" + "\n\n".join(wrong[:12])
    assert raised <= 0.05 * PROGRAMS
    assert 0.2 < untrained / PROGRAMS < 0.8
    assert {"PEF401", "PEF402", "PEF403", "PEF404", "PEF405"} <= fired_by.keys()


@pytest.mark.parametrize("end", [*TRAINERS, f"{LATE[0]}\n{STEP}"])
@pytest.mark.parametrize("before", ["", "base = prepare_model_for_kbit_training(base)"])
def test_a_model_without_an_adapter_changes_unless_it_was_prepared(before, end):
    source = _in_module([BASES[1], before, "model = base", end])
    outcome = run(source, partial(changed, word=""), prepare=watch)
    document = Document("program.py", NAMES + source)
    found = find(document, [rule for rule in all_rules() if rule.module], Target())
    assert [one.code for one in found] == (["PEF419"] if outcome.value() == 0 else [])
    assert (outcome.value() == 0) is bool(before)


def flags(program: Program) -> tuple[bool, ...]:
    """Return the values of the condition under which a program is run."""
    return (True, False) if program.has_flag else (True,)


def _trained(source: str, flag: bool) -> int | None:
    """Return how many tensors of the adapter changed; None where the program is no program."""
    outcome = run(f"flag = {flag}\n{source}", changed_of_any, prepare=watch)
    if not outcome.exception:
        return int(outcome.value())
    return 0 if any(text in outcome.exception for text in LOUD) else None


def changed_of_any(names):
    """Return how many tensors of the adapter changed, of whichever kind it is."""
    return changed(names, "lora_") + changed(names, "ia3_")
