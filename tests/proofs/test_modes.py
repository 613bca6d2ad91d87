"""Every row of the table of modes, executed on the installed releases."""

from functools import partial

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.checkpoints import make_trained
from tests.proofs.harness.measures import mode, spread, trainable
from tests.proofs.mode_table import (
    CONSTRUCTIONS,
    KEEP,
    NATIVE,
    PREAMBLE,
    SFT,
    STARTS,
    TRAINER,
    TRANSITIONS,
)


def test_a_trainer_trains_transformers_own_adapters_and_leaves_them_in_train_mode():
    assert state_after(NATIVE + TRAINER + "trained().train()") == "TTT"


def test_trl_wraps_like_get_peft_model():
    assert state_after(SFT + "m = t.model") == "TFT"
    assert state_after(SFT + "t.train(); m = t.model") == "TTT"


@pytest.mark.parametrize(("code", "state"), CONSTRUCTIONS.items())
def test_construction(code, state):
    assert state_after(code) == state


@pytest.mark.parametrize("code", KEEP)
def test_operations_that_never_change_the_mode(code):
    rounds = [
        f"{PREAMBLE}\n{build}\n{code}\nall_m[{start!r}] = m" for start, build in STARTS.items()
    ]
    states = run("all_m = {}" + "".join(rounds), all_states).value()
    assert states == {start: start for start in STARTS}


@pytest.mark.parametrize(("before", "code", "after", "adapter"), TRANSITIONS)
def test_transition(before, code, after, adapter):
    assert state_after(f"{STARTS[before]}\n{code}", adapter) == after


@pytest.mark.parametrize(
    ("code", "random"),
    [
        ("m = get_peft_model(base, cfg)", True),
        ("m = get_peft_model(base, cfg).eval()", False),
        ("m = get_peft_model(base, cfg); m.base_model.eval()", False),
        ("m = get_peft_model(base, cfg); m.training = False", True),
        ("m = get_peft_model(base, cfg); m.eval", True),
        ("m = inject_adapter_in_model(cfg, base)", True),
        ("m = base; m.add_adapter(cfg)", True),
        ("m = get_peft_model(base, LoraConfig(task_type='CAUSAL_LM'))", False),
        ("m = get_peft_model(base.train(), LoraConfig(task_type='CAUSAL_LM'))", True),
        ("m = base.train()", True),
        ("m = AutoModelForCausalLM.from_pretrained('base-model').train()", False),
        ("m = AutoModelForCausalLM.from_pretrained('gpt2').train()", True),
        ("m = PeftModel.from_pretrained(base, 'my-adapter')", False),
        ("m = PeftModel.from_pretrained(base, 'my-adapter', is_trainable=True)", True),
        ("m = PeftModel.from_pretrained(base, 'my-adapter', is_trainable=True)\n"
         "m.merge_adapter()", False),
        ("m = PeftModel.from_pretrained(base, 'my-adapter')\n"
         "m.add_weighted_adapter(['default'], [1.0], 'mix'); m.set_adapter('mix')", True),
        ("m = PeftModel.from_pretrained(base, 'my-adapter')\n"
         "m.load_adapter('my-adapter', 'two', is_trainable=True)", False),
        ("m = PeftModel.from_pretrained(base, 'my-adapter')\n"
         "m.load_adapter('my-adapter', 'two', is_trainable=True); m.set_adapter('two')", True),
        ("m = LlamaForTokenClassification.from_pretrained('base-model').train()", True),
    ],
)  # fmt: skip
def test_what_makes_two_forwards_differ_once_an_adapter_is_trained(code, random):
    distance = run(PREAMBLE + code, spread_when_trained).value()
    assert (distance > 0.001) == random, distance


def test_a_fresh_adapter_hides_its_dropout():
    assert run(PREAMBLE + "m = get_peft_model(base, cfg)", fresh_spread).value() == 0


@pytest.mark.parametrize(
    "kind", ["PromptTuningConfig", "PrefixTuningConfig", "PromptEncoderConfig"]
)
def test_prompt_learning_stays_trainable_when_it_is_loaded_and_cannot_be_loaded_natively(kind):
    code = f"""
saved = get_peft_model(base, {kind}(task_type="CAUSAL_LM", num_virtual_tokens=4))
saved.save_pretrained("saved")
base = AutoModelForCausalLM.from_pretrained("base-with-dropout")
"""
    load = 'm = PeftModel.from_pretrained(base, "saved")'
    names = run(PREAMBLE + code + load, trainable_of).value()
    assert names and all(name.startswith("prompt_encoder.") for name in names)
    native = run(PREAMBLE + code + 'AutoModelForCausalLM.from_pretrained("saved")')
    assert native.exception.startswith("ValueError: `create_and_replace` does not support prompt")


def state_after(code, adapter=None):
    return run(f"{PREAMBLE}\n{code}", partial(state, adapter=adapter)).value()


def state(names, adapter):
    return mode(names["m"], adapter)


def trainable_of(names):
    return trainable(names["m"])


def all_states(names):
    return {start: mode(model) for start, model in names["all_m"].items()}


def spread_when_trained(names):
    make_trained(names["m"])
    return spread(names["m"])


def fresh_spread(names):
    return spread(names["m"])
