"""PEF403: an optimizer that is made before the adapter never changes it."""

import pytest

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.fixer import fix
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target
from tests.proofs.harness import run
from tests.proofs.harness.measures import largest
from tests.proofs.harness.training import SETUP, STEP, changed, watch

LORA = "LoraConfig(task_type='CAUSAL_LM', init_lora_weights=False)"
WRAP = f"model = get_peft_model(base, {LORA})\n"
SGD = "optimizer = torch.optim.SGD({}, lr=0.1)\n"


def proof(example, use_instead):
    """The fresh adapter has no effect before training, nor after; made in order, it has."""
    assert run(example, largest_b).value() == 0
    assert run(use_instead, largest_b).value() > 0


@pytest.mark.parametrize(
    ("code", "tensors"),
    [
        (SGD.format("base.parameters()") + WRAP, 0),
        ("kept = list(base.parameters())\n" + WRAP + SGD.format("kept"), 0),
        ("kept = [p for p in base.parameters() if p.requires_grad]\n" + WRAP + SGD.format("kept"), 0),
        (
            SGD.format("base.parameters()")
            + "model = PeftModel.from_pretrained(base, 'my-adapter', is_trainable=True)\n",
            0,
        ),
        (WRAP + SGD.format("model.parameters()"), 8),
        (WRAP + SGD.format("base.parameters()"), 8),
        (WRAP + SGD.format("model.get_base_model().parameters()"), 8),
        (WRAP + SGD.format("model.parameters()") + "model.to('cpu')\n", 8),
        (
            SGD.format("base.parameters()")
            + WRAP
            + "optimizer.add_param_group({'params': [p for p in model.parameters() if p.requires_grad]})\n",
            8,
        ),
    ],
)  # fmt: skip
def test_what_an_optimizer_changes(code, tensors):
    assert run(SETUP + code + STEP, changed, prepare=watch).value() == tensors


KEPT = "optimizer = torch.optim.SGD(kept, lr=0.1)\n"
LOADED = """
import torch
from peft import LoraConfig, PromptTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
"""
STEPPED = "model(input_ids=torch.tensor([[5, 6, 7]])).logits.sum().backward()\noptimizer.step()\n"
PROMPT = "PromptTuningConfig(task_type='CAUSAL_LM', num_virtual_tokens=4)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SGD.format("base.parameters()"), ""),
        (SGD.format("[p for _, p in base.named_parameters()]"), ""),
        (SGD.format("[p for p in base.parameters() if p.requires_grad]"), ""),
        ("kept = list(base.parameters())\n", KEPT),
        ("kept = [p for n, p in base.named_parameters() if p.requires_grad]\n", KEPT),
    ],
)
def test_what_takes_the_parameters_comes_after_the_wrap(before, after):
    early, late = before + WRAP + after, WRAP + before + after
    assert fixed(early) == late
    assert fixed(late) == late
    assert run(SETUP + early + STEP, changed, prepare=watch).value() == 0
    assert run(SETUP + late + STEP, changed, prepare=watch).value() == 8


@pytest.mark.parametrize(
    "code",
    [
        "kept = [p for n, p in base.named_parameters() if 'bias' not in n]\n" + WRAP + KEPT,
        "kept = [p for p in base.lm_head.parameters()]\n" + WRAP + KEPT,
        "kept = list(base.parameters())\n" + WRAP + KEPT + "print(len(kept))\n",
        "kept = list(base.parameters())\nprint(len(kept))\n" + WRAP + KEPT,
        "rate = 0.1\n" + SGD.format("base.parameters()").replace("0.1", "rate")
        + f"model, rate = get_peft_model(base, {LORA}), 0.2\n",
        SGD.format("base.parameters()") + f"model = get_peft_model(base, {PROMPT})\n",
    ],
)  # fmt: skip
def test_nothing_moves_where_more_than_the_order_would_change(code):
    assert found(code)
    assert fixed(code) == code


def test_the_base_never_has_the_parameters_of_a_prompt():
    code = SETUP + f"model = get_peft_model(base, {PROMPT})\n"
    assert run(code + SGD.format("base.parameters()"), holds_the_prompt).value() is False
    assert run(code + SGD.format("model.parameters()"), holds_the_prompt).value() is True


def fixed(code):
    """Return what lies between a base and a step of the optimizer, as the rule's fix leaves it."""
    document = Document("example.py", LOADED + code + STEPPED)
    after = fix(document, findings, unsafe=False).document.text
    return after.removeprefix(LOADED).removesuffix(STEPPED)


def found(code):
    return findings(Document("example.py", LOADED + code + STEPPED))


def findings(document):
    return find(document, tuple(one for one in all_rules() if one.code == "PEF403"), Target())


def holds_the_prompt(names):
    (prompt,) = names["model"].prompt_encoder.parameters()
    return any(one is prompt for one in names["optimizer"].param_groups[0]["params"])


def test_an_adapter_that_is_added_after_the_optimizer_does_not_change():
    code = f"{WRAP}{SGD.format('model.parameters()')}model.add_adapter('two', {LORA})\n"
    assert (
        run(SETUP + code + "model.set_adapter('two')\n" + STEP, changed, prepare=watch).value() == 0
    )


def test_a_trainer_is_given_such_an_optimizer():
    train = """
watch(model)
arguments = TrainingArguments(**options)
Trainer(model, arguments, train_dataset=rows, optimizers=(optimizer, None)).train()
"""
    early = SETUP + SGD.format("base.parameters()") + WRAP + train
    assert run(early, changed, prepare=watch).value() == 0
    late = SETUP + WRAP + SGD.format("base.parameters()") + train
    assert run(late, changed, prepare=watch).value() == 8


def largest_b(names):
    return largest(names["model"])
