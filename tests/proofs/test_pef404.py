"""PEF404: an adapter that is added is not active, and is not trained unless it is made so."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import largest
from tests.proofs.harness.training import LOUD, SETUP, SFT, STEP, changed, watch

LORA = "LoraConfig(task_type='CAUSAL_LM', init_lora_weights=False)"
FROZEN = "model = PeftModel.from_pretrained(base, 'my-adapter')\n"
FRESH = f"model = get_peft_model(base, {LORA})\n"
ADD = f"model.add_adapter('new', {LORA})\n"
SWITCH = "model.set_adapter('new')\n"
EVERY = "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
CHOSEN = "optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)\n"


def proof(example, use_instead):
    """The new adapter has no effect before training, nor after; once activated, it has."""
    assert run(example, largest_of_new).value() == 0
    assert run(use_instead, largest_of_new).value() > 0


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        (FROZEN + ADD + SFT, 0, 0),
        (FROZEN + ADD + SWITCH + SFT, 0, 8),
        (FRESH + ADD + LOUD, 8, 0),
        (FRESH + ADD + CHOSEN + SWITCH + STEP, 0, 0),
        (FRESH + ADD + EVERY + SWITCH + STEP, 0, 8),
        (FRESH + ADD + SWITCH + CHOSEN + STEP, 0, 8),
        (
            f"base.add_adapter({LORA}, 'default'); base.add_adapter({LORA}, 'new'); model = base\n"
            + SFT,
            0,
            8,
        ),
    ],
)
def test_what_is_trained(code, old, new):
    assert run(SETUP + code, changed_by_name, prepare=watch).value() == [old, new]


def test_a_trainer_chooses_what_it_trains_when_it_trains():
    code = FRESH + ADD + "watch(model)\n"
    code += "trainer = Trainer(model, TrainingArguments(**options), train_dataset=rows)\n"
    code += SWITCH + "trainer.train()\n"
    assert run(SETUP + code, changed_by_name, prepare=watch).value() == [0, 8]


def changed_by_name(names):
    return [changed(names, ".default."), changed(names, ".new.")]


def largest_of_new(names):
    return largest(names["model"], "lora_B.new")
