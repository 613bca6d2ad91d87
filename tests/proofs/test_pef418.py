"""PEF418: AdaLora keeps all of its ranks unless `update_and_allocate` is called."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.training import SETUP

CONFIG = (
    "AdaLoraConfig(task_type='CAUSAL_LM', init_r=6, target_r=2, tinit=1, tfinal=2, total_step=10)"
)
START = f"""{SETUP}
from transformers import TrainerCallback
options["max_steps"] = 10
config = {CONFIG}
model = get_peft_model(base, config)

class Allocate(TrainerCallback):
    def HOOK(self, args, state, control, model=None, **kwargs):
        model.base_model.update_and_allocate(state.global_step)
"""
LOOP = """
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
tokens = torch.tensor([[5, 6, 7]])
for step in range(10):
    model(input_ids=tokens, labels=tokens).loss.backward()
    optimizer.step()
    {}
    optimizer.zero_grad()
"""
TRAINER = "Trainer(model, TrainingArguments(**options), train_dataset=rows{}).train()"
SFT = """
trainer = SFTTrainer("base-model", SFTConfig(bf16=False, **options), train_dataset=rows,
    peft_config=config{})
trainer.train()
model = trainer.model
"""
CALLS = ", callbacks=[Allocate()]"
FULL = [6, 6, 6, 6]


def proof(example, use_instead):
    """Every layer keeps its 6 ranks; with the call there are 2 on average."""
    assert run(example, ranks).value() == FULL
    assert sum(run(use_instead, ranks).value()) == 8


@pytest.mark.parametrize(
    ("training", "call"),
    [
        (TRAINER, CALLS),
        (SFT, CALLS),
        (LOOP, "model.base_model.update_and_allocate(step)"),
        (LOOP, "model.update_and_allocate(step)"),
    ],
)
def test_ranks_go_only_with_the_call(training, call):
    start = START.replace("HOOK", "on_optimizer_step")
    assert run(start + training.format(""), ranks).value() == FULL
    assert sum(run(start + training.format(call), ranks).value()) == 8


def test_after_the_step_it_is_too_late():
    code = START.replace("HOOK", "on_step_end") + TRAINER.format(CALLS)
    assert run(code).exception.startswith("TypeError")


def test_with_equal_ranks_none_is_to_go_and_the_call_raises():
    code = START.replace("target_r=2", "target_r=6").replace("HOOK", "on_optimizer_step")
    assert run(code + TRAINER.format(""), ranks).value() == FULL
    assert run(code + TRAINER.format(CALLS)).exception.startswith("RuntimeError: kthvalue")


def ranks(names):
    """Return how many ranks each layer has left."""
    found = names["model"].named_parameters()
    return [int((values != 0).sum()) for name, values in found if "lora_E" in name]
