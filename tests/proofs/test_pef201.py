"""PEF201: inference on a model whose dropout is live gives another answer every time.

Which operation leaves which mode is proved row by row in `test_modes.py`.
"""

import pytest

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.fixer import fix
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target
from tests.proofs.harness import run
from tests.proofs.harness.measures import spread, the_model

IMPORTS = """
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("base-model")
base = AutoModelForCausalLM.from_pretrained("base-model")
inputs = tokenizer("one two three", return_tensors="pt")
model = PeftModel.from_pretrained(base, "my-adapter", is_trainable=True)
"""
EXAMPLE = IMPORTS + "print(tokenizer.decode(model.generate(**inputs, max_new_tokens=8)[0]))\n"
USE_INSTEAD = EXAMPLE.replace("print", "model.eval()\nprint")


PREFERENCES = """
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer
tokenizer = AutoTokenizer.from_pretrained("base-model")
model = AutoModelForCausalLM.from_pretrained("base-model")
row = dict(prompt="one two", chosen=" three", rejected=" four")
row |= dict(completion=" three", label=True)
columns = {columns}
rows = Dataset.from_list([dict((name, row[name]) for name in columns)] * 4)
settings = dict(output_dir="out", max_steps=1, report_to="none", use_cpu=True, bf16=False)
lora = LoraConfig(lora_dropout=0.5, init_lora_weights=False, task_type="CAUSAL_LM")
trainer = {name}Trainer(model, args={name}Config(**settings{more}), train_dataset=rows,
                        processing_class=tokenizer, peft_config=lora)
trainer.train()
model = trainer.model
"""
PAIRS = ("prompt", "chosen", "rejected")
LABELLED = ("prompt", "completion", "label")


STEPS = """
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model.train()
modes = []
for step in range(2):
    model(**inputs, labels=inputs["input_ids"]).loss.backward()
    modes.append(model.training)
    optimizer.step()
"""
LOOK = "    answer = model.generate(**inputs, max_new_tokens=2)\n"


def proof(example, use_instead):
    """Two forwards of the model differ, as it stands after the script; after the fix, never."""
    assert run(example, spread_of_model).value() > 0
    assert run(use_instead, spread_of_model).value() == 0


def test_draft():
    proof(EXAMPLE, USE_INSTEAD)


def test_greedy_generation_differs_between_calls_in_train_mode_only():
    code = (
        IMPORTS + "{}\nanswers = [model.generate(**inputs, max_new_tokens=40) for _ in range(6)]\n"
    )
    assert run(code.format("model.train()"), distinct_answers).value() > 1
    assert run(code.format("model.eval()"), distinct_answers).value() == 1


@pytest.mark.parametrize(
    ("name", "columns", "more", "live"),
    [
        ("DPO", PAIRS, "", False),
        ("DPO", PAIRS, ", disable_dropout=False", True),
        ("KTO", LABELLED, ", per_device_train_batch_size=2", False),
        ("SFT", ("prompt", "completion"), "", True),
    ],
)
def test_trainers_for_preferences_switch_dropout_off(name, columns, more, live):
    code = PREFERENCES.format(name=name, columns=columns, more=more)
    assert (run(code, spread_of_model).value() > 0) is live


def test_training_goes_on_in_train_mode_behind_the_fix():
    code = IMPORTS + STEPS + LOOK
    after, title = fixed(code)
    switched = f"    model.eval()\n{LOOK}"
    assert after == IMPORTS + STEPS + switched + "    model.train()\n"
    assert title == "Put the model into eval mode while it is used, and back into train mode"
    assert run(IMPORTS + STEPS + switched, modes).value() == [True, False]
    for same in (code, after):
        assert run(same, modes).value() == [True, True]


@pytest.mark.parametrize(
    "look",
    [
        LOOK + "    other = model.generate(**inputs, max_new_tokens=3)\n",
        "    for token in model.generate(**inputs, max_new_tokens=2):\n        print(token)\n",
    ],
)
def test_where_the_fix_does_not_switch_back_it_says_so(look):
    code = IMPORTS + STEPS + look
    after, title = fixed(code)
    assert after == IMPORTS + STEPS + "    model.eval()\n" + look
    assert title == "Put the model into eval mode; training that follows needs train() again"
    assert run(after, modes).value() == [True, False]


def test_a_base_in_eval_mode_stays_in_it():
    code = IMPORTS + STEPS.replace("model.train()\n", "") + LOOK
    after, title = fixed(code)
    assert after.endswith(f"    model.eval()\n{LOOK}")
    assert title == "Put the model into eval mode; training that follows needs train() again"


def fixed(code):
    """Return the code as the rule's fix leaves it, and what the fix says."""
    rules = tuple(rule for rule in all_rules() if rule.code == "PEF201")
    document = Document("example.py", code)
    (title,) = {one.fixes[0].title for one in find(document, rules, Target())}
    result = fix(document, lambda one: find(one, rules, Target()), unsafe=True)
    return result.document.text, title


def modes(names):
    return names["modes"]


def spread_of_model(names):
    return spread(the_model(names))


def distinct_answers(names):
    return len({str(answer.tolist()) for answer in names["answers"]})
