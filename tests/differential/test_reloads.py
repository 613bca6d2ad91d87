"""The rules on saving and loading against reality: what is loaded differs, if and only if one fires.

The programs train or merge a model, save it and load it again. They are drawn from the steps
below, the same ones each time.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.finding import Severity
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target
from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

PROGRAMS = int(os.environ.get("PEFT_LINT_PROGRAMS", "200")) // 2
# Each of these says that what is loaded is not what was saved; those of LOSES that nothing was.
FAMILIES = ("PEF1", "PEF5", "PEF301", "PEF309", "PEF417", "PEF420")
LOSES = {"PEF501", "PEF504"}
# What the libraries raise where they see by themselves that something does not fit.
LOUD = (
    "size mismatch",
    "prepare_inputs_for_generation",
    "Can't find 'adapter_config.json'",
    "'str' object has no attribute",
    "Expected target PEFT class",
)
APART = 1e-3

# What the runs put into the namespace; to look at a model changes nothing of it.
NAMES = "from builtins import print as keep; from settings import flag\n"
IMPORTS = """\
import torch
from datasets import Dataset
from peft import AutoPeftModelForCausalLM, AutoPeftModelForSequenceClassification
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model
from peft import load_peft_weights, set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification
from transformers import AutoTokenizer, Trainer, TrainingArguments

rows = Dataset.from_dict({"input_ids": [[5, 6, 7]] * 2, "labels": [LABELS] * 2})
tokens = torch.tensor([[5, 6, 7]])
arguments = TrainingArguments(
    output_dir="out", max_steps=1, learning_rate=0.1, report_to=[], use_cpu=True,
    save_strategy="no",
)
"""
FITS = (
    *("",) * 3,
    "{m}.train()",
    "Trainer({m}, arguments, train_dataset=rows).train()",
    "optimizer = torch.optim.SGD([p for p in {m}.parameters() if p.requires_grad], lr=0.1)\n"
    "{m}(input_ids=tokens, labels=torch.tensor([LABELS])).loss.backward()\noptimizer.step()",
)
USE = "again.eval()\nwith torch.no_grad():\n    print(again(input_ids=tokens))"

# The language model: how it is wrapped and saved, and how it is loaded after such a save.
LORA = 'LoraConfig(task_type="CAUSAL_LM", init_lora_weights=False)'
LM = "AutoModelForCausalLM.from_pretrained('base-model')"
LOADS = (
    *(f"again = PeftModel.from_pretrained({LM}, 'saved')",) * 3,
    f"fresh = {LM}\nagain = PeftModel.from_pretrained(fresh, './saved/', is_trainable=True)",
    "again = AutoPeftModelForCausalLM.from_pretrained('saved')",
    "again = AutoModelForCausalLM.from_pretrained('saved')",
    f"again = {LM}\nagain.load_adapter('saved')",
    f"config = PeftConfig.from_pretrained('saved')\nagain = get_peft_model({LM}, config)\n"
    "set_peft_model_state_dict(again, load_peft_weights('saved'))",
    f"again = get_peft_model({LM}, {LORA})\nagain.load_adapter('saved', 'second')\n"
    "again.set_adapter('second')",
    "again = PeftModel.from_pretrained({m}.unload(), 'saved')",
    "{m}.merge_adapter()\n{m}.unmerge_adapter()\n"
    "again = PeftModel.from_pretrained({m}.unload(), 'saved')",
    f"config = PeftConfig.from_pretrained('saved')\nagain = get_peft_model({LM}, config)",
    f"again = PeftModel.from_pretrained(get_peft_model({LM}, {LORA}), 'saved')",
    "again = PeftModel.from_pretrained({m}, 'saved')",
    f"again = PeftModel.from_pretrained({LM}, 'my-adapter')\nagain.load_adapter('saved', 'second')",
    f"again = get_peft_model({LM}, {LORA})\n"
    "weights = load_file('saved/adapter_model.safetensors')\n"
    "again.load_state_dict(weights, strict=False)",
    "again = PeftModel.from_pretrained({m}.merge_and_unload(), 'saved')",
    "merged = {m}.merge_and_unload()\nagain = PeftModel.from_pretrained(base, 'saved')",
    "{m}.merge_adapter()\nagain = PeftModel.from_pretrained(base, 'saved')",
    "again = PeftModel.from_pretrained(AutoModel.from_pretrained('base-model'), 'saved')",
    f"again = PeftModel({LM}, 'saved')",
)
FULL = ("again = AutoModelForCausalLM.from_pretrained('saved')",)
KEPT = "{m}.save_pretrained('saved')"
MERGED = KEPT + "\nmerged = {m}.merge_and_unload()\n"
SAVES = (
    *((KEPT, LOADS),) * 8,
    ("Trainer({m}, arguments).save_model('saved')", LOADS),
    ("{m}.merge_and_unload()\n{m}.save_pretrained('saved')", LOADS[:5]),
    ("merged = {m}.merge_and_unload()\nmerged.save_pretrained('saved')", FULL),
    ("base.save_pretrained('saved')", FULL),
    ("{m}.base_model.save_pretrained('saved')", FULL),
    ("{m}.get_base_model().save_pretrained('saved')", FULL),
    (MERGED + "merged.save_pretrained('saved')", FULL),
    (
        MERGED + "merged.save_pretrained('merged')",
        (
            "again = AutoModelForCausalLM.from_pretrained('merged')",
            f"again = PeftModel.from_pretrained({LM}, 'saved')",
            "again = PeftModel.from_pretrained(\n"
            "    AutoModelForCausalLM.from_pretrained('merged'), 'saved'\n)",
        ),
    ),
)
NAMED = (f"model = get_peft_model(base, {LORA}, adapter_name='first')",)
IN_ITS_FOLDER = (
    f"again = PeftModel.from_pretrained({LM}, 'saved/first')",
    f"again = PeftModel.from_pretrained({LM}, 'saved', subfolder='first')",
    f"again = PeftModel.from_pretrained({LM}, 'saved')",
)
# A vocabulary that grows before the model is wrapped.
TOKENS = (
    "tokenizer = AutoTokenizer.from_pretrained('base-model')\n"
    "tokenizer.add_tokens(['<question>', '<answer>'])\n"
)
GROWN = f"{TOKENS}base = {LM}\nbase.resize_token_embeddings(len(tokenizer))"
# What is new is trained: that it is not is a warning of its own, and no matter of loading.
WHOLE = LORA.replace(")", ", modules_to_save=['embed_tokens', 'lm_head'])")
ON_GROWN = (
    f"fresh = {LM}\nfresh.resize_token_embeddings(len(tokenizer))\n"
    "again = PeftModel.from_pretrained(fresh, 'saved')",
    f"again = PeftModel.from_pretrained({LM}, 'saved')",
)

# The classifier, whose head is new.
CLASSES = "AutoModelForSequenceClassification.from_pretrained('bert-base-uncased'"
HEADS = (
    f"model = get_peft_model(base, {LORA.replace('CAUSAL_LM', 'SEQ_CLS')})",
    "model = get_peft_model(\n"
    "    base, LoraConfig(init_lora_weights=False, modules_to_save=['classifier'])\n)",
    "model = get_peft_model(base, LoraConfig(init_lora_weights=False))",
)
ON_CLASSIFIER = (
    f"again = PeftModel.from_pretrained({CLASSES}, num_labels=3), 'saved')",
    f"again = {CLASSES}, num_labels=3)\nagain.load_adapter('saved')",
)
ON_ANOTHER = (
    f"again = PeftModel.from_pretrained({CLASSES}), 'saved')",
    "again = AutoPeftModelForSequenceClassification.from_pretrained('saved', num_labels=3)",
    "again = AutoPeftModelForSequenceClassification.from_pretrained('saved')",
    "again = PeftModel.from_pretrained(AutoModel.from_pretrained('bert-base-uncased'), 'saved')",
)


@dataclass(frozen=True)
class Program:
    """A script that saves a model and loads it; `flag` is what a condition is."""

    source: str
    has_flag: bool


def draw(random: Random) -> Program:
    """Draw one program."""
    kind, labels = random.choice(("plain",) * 6 + ("named", "grown", "head", "head")), "[5, 6, 7]"
    base, wrap = f"base = {LM}", f"model = get_peft_model(base, {LORA})"
    save, loads = random.choice(SAVES) if kind == "plain" else (KEPT, LOADS)
    if kind == "named":
        (wrap,), loads = NAMED, IN_ITS_FOLDER
    elif kind == "grown":
        base, loads, wrap = GROWN, ON_GROWN, f"model = get_peft_model(base, {WHOLE})"
    elif kind == "head":
        base, labels, wrap = f"base = {CLASSES}, num_labels=3)", "1", random.choice(HEADS)
        loads = ON_CLASSIFIER if "init_lora_weights=False))" in wrap else ON_CLASSIFIER + ON_ANOTHER
        if "SEQ_CLS" not in wrap:
            # The class that loads its base itself goes by the task type.
            loads = tuple(load for load in loads if "AutoPeft" not in load)
    load = random.choice(loads)
    has_flag = random.random() < 0.25
    if has_flag:
        other = random.choice(loads)
        load = f"if flag:\n{_indented(load)}\nelse:\n{_indented(other)}"
    fit = random.choice(FITS)
    style = random.choice((_in_module, _in_function, _in_helpers, _in_object))
    parts = [part for part in (base, wrap, fit, "keep({m})", save) if part]
    return Program(style(parts, load).replace("LABELS", labels), has_flag)


def _indented(text: str, by: int = 1) -> str:
    return "\n".join("    " * by + line for line in text.splitlines())


def _in_module(parts: list[str], load: str) -> str:
    return IMPORTS + "\n".join([*parts, load, USE]).replace("{m}", "model") + "\n"


def _in_function(parts: list[str], load: str) -> str:
    body = _indented("\n".join([*parts, load, USE, "return again"]).replace("{m}", "model"))
    return f"{IMPORTS}\n\ndef main():\n{body}\n\n\nagain = main()\n"


def _in_helpers(parts: list[str], load: str) -> str:
    more = ", tokenizer" if parts[0] == GROWN else ""
    build = _indented("\n".join([*parts[:-1], f"return base, model{more}"]).replace("{m}", "model"))
    save = _indented(parts[-1].replace("{m}", "tuned"))
    again = _indented("\n".join([load, USE, "return again"]).replace("{m}", "tuned"))
    return (
        f"{IMPORTS}\n\ndef build():\n{build}\n\n\ndef save(tuned, base):\n{save}\n\n\n"
        f"def load(tuned, base{more}):\n{again}\n\n\n"
        f"base, model{more} = build()\nsave(model, base)\nagain = load(model, base{more})\n"
    )


def _in_object(parts: list[str], load: str) -> str:
    made = "\n".join([*parts[:2], "self.base, self.model = base, model"])
    made += "\nself.tokenizer = tokenizer" if parts[0] == GROWN else ""
    done = "\n".join(parts[2:]).replace("{m}", "self.model").replace("base.save", "self.base.save")
    again = load.replace("{m}", "self.model").replace("(base,", "(self.base,")
    again = "\n".join([again.replace("(tokenizer)", "(self.tokenizer)"), USE, "return again"])
    return (
        f"{IMPORTS}\n\nclass Runner:\n    def __init__(self):\n{_indented(made, 2)}\n\n"
        f"    def fit(self):\n{_indented(done, 2)}\n\n    def load(self):\n{_indented(again, 2)}\n\n\n"
        "runner = Runner()\nrunner.fit()\nagain = runner.load()\n"
    )


def test_what_is_loaded_differs_where_a_rule_fires_and_only_there(record_property):
    random = Random(0)
    rules = [rule for rule in all_rules() if rule.module]
    raised, differing, wrong = 0, 0, []
    fired_by: Counter[str] = Counter()
    for _ in range(PROGRAMS):
        program = draw(random)
        flags = (True, False) if program.has_flag else (True,)
        results = [_reloaded(program.source, flag) for flag in flags]
        if None in results:
            raised += 1
            continue
        differs = any(distance > APART for distance, _ in results)
        empty = any(tensors == 0 for _, tensors in results)
        differing += differs
        found = find(Document("program.py", NAMES + program.source), rules, Target())
        fired = {one.code for one in found if one.severity is not Severity.INFO}
        fired_by.update(fired)
        others = {code for code in fired if not code.startswith(FAMILIES)}
        if bool(fired) != differs or others or (empty and not fired & LOSES):
            kind = "false" if fired and not differs else "missed"
            wrong.append(f"{kind} alarm {fired}, {results}:\n{program.source}")
    figure = f"{PROGRAMS} programs ({raised} raised), {differing} load something else"
    record_property("figure", f"reloads: {figure}, {len(wrong)} judged wrongly")
    record_property("figure", f"reloads: found {dict(fired_by)}")
    assert not wrong, f"{len(wrong)} of {PROGRAMS}\n\n" + "\n\n".join(wrong[:12])
    assert raised <= 0.05 * PROGRAMS
    assert 0.2 < differing / PROGRAMS < 0.8
    assert {"PEF101", "PEF107", "PEF113", "PEF301", "PEF503", "PEF505"} <= fired_by.keys()


def _reloaded(source: str, flag: bool) -> tuple[float, int | None] | None:
    """Return how far the loaded model is from the saved one, and how many tensors were saved.

    None where the program is no program; infinitely far where the libraries refuse to load.
    """
    outcome = run(f"flag = {flag}\n{source}", _measured, prepare=_prepare)
    if not outcome.exception:
        distance, tensors = outcome.value()
        return float(distance), tensors
    loud = any(text in outcome.exception for text in LOUD)
    return (float("inf"), None) if loud else None


def _prepare(names: dict[str, Any]) -> None:
    names["keep"] = lambda model: names.__setitem__("__kept__", _outputs(model))


def _measured(names: dict[str, Any]) -> tuple[float, int | None]:
    before, after = names["__kept__"], _outputs(names["again"])
    apart = difference(before, after) if before.shape == after.shape else float("inf")
    return apart, _tensors()


def _outputs(model: Any) -> Any:
    """Return the logits in eval mode; the modes stay as they are."""
    modes = {module: module.training for module in model.modules()}
    result = logits(model.eval())
    for module, mode in modes.items():
        module.training = mode
    return result


def _tensors() -> int | None:
    """Return how many tensors lie in the folder's adapter, None where there is none."""
    from safetensors import safe_open

    path = Path("saved", "adapter_model.safetensors")
    if not path.exists():
        return None
    with safe_open(path, "pt") as saved:
        return len(list(saved.keys()))
