"""PEF403: an optimizer that is made before the adapter never changes it."""

import pytest

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
