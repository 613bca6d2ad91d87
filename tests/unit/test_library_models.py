"""What the library models say of every operation, against the states that real runs left.

The tables are those of `tests/proofs/mode_table.py`, which `test_modes.py` executes row by row on the installed
releases. Here the same rows are interpreted, and nothing is imported but this package.
"""

import pytest

from peft_lint.document import Document
from peft_lint.interpreter.objects import Body, Handle
from peft_lint.interpreter.values import Ref, Unknown
from peft_lint.library.trainer import second_adapter
from peft_lint.trace import beliefs
from peft_lint.versions import Target
from peft_lint.versions.target import Claim
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

# A star import makes every name unknown; people spell the names.
PREAMBLE = PREAMBLE.replace(
    "from peft import *",
    "from peft import (AutoPeftModelForCausalLM, LoraConfig, PeftConfig, PeftMixedModel, PeftModel,"
    " PeftModelForCausalLM, cast_mixed_precision_params, get_peft_model,"
    " get_peft_model_state_dict, inject_adapter_in_model, prepare_model_for_kbit_training,"
    " set_peft_model_state_dict)",
)
# A union of dicts is not evaluated, and what it may hold would make every mode unknown.
UNION = '{"max_steps": 3, "save_strategy": "no"} | options'
# What a path holds cannot be read from the text: to real runs it is an adapter. Where its config
# lies beside the script this is known (test_artifacts.py).
ADAPTER_IN_A_PATH = {
    'm = AutoModelForCausalLM.from_pretrained("my-adapter")': "FF-",
    'm = pipeline("text-generation", model="my-adapter").model': "FF?",
}
# What a file holds neither: the model that comes back is unknown.
FROM_A_FILE = [code for code in KEEP if "torch.load" in code]
LETTERS = {True: "T", False: "F", None: "?"}


def believed(code, target=None, name="m"):
    """Return the one world at the end of `code`, with the handle called `name` and its body."""
    assert UNION in TRAINER
    document = Document.from_bytes(code.replace(UNION, "options").encode(), "script.py")
    ((world, _),) = beliefs(document, target or Target(), None)
    value = world.frames[0].variables[name]
    handle = world.handle(value)
    assert isinstance(handle, Handle), value
    return world, handle, world.body(handle)


def letters(body: Body, handle: Handle, adapter):
    parts = body.adapters
    if parts is None:
        last = "?"
    else:
        chosen = [one for one in parts if adapter in (None, one.name)]
        last = LETTERS[chosen[-1].training] if chosen else "-"
    return LETTERS[handle.training] + LETTERS[body.training] + last


def state_after(code, adapter=None, target=None):
    _, handle, body = believed(f"{PREAMBLE}\n{code}", target)
    return letters(body, handle, adapter)


def released(**releases):
    return Target(claims={name: Claim(release, "a test") for name, release in releases.items()})


@pytest.mark.parametrize(("code", "measured"), CONSTRUCTIONS.items())
def test_construction(code, measured):
    assert state_after(code) == ADAPTER_IN_A_PATH.get(code, measured)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("code", [code for code in KEEP if code not in FROM_A_FILE])
def test_operations_that_never_change_the_mode(code, start):
    assert state_after(f"{STARTS[start]}\n{code}") == start


@pytest.mark.parametrize("code", FROM_A_FILE)
def test_a_model_from_a_file_is_unknown(code):
    document = Document.from_bytes(f"{PREAMBLE}{STARTS['FFF']}\n{code}".encode(), "script.py")
    ((world, _),) = beliefs(document, Target(), None)
    assert isinstance(world.frames[0].variables["m"], Unknown)


@pytest.mark.parametrize(("before", "code", "measured", "adapter"), TRANSITIONS)
def test_transition(before, code, measured, adapter):
    # A new embedding has no dropout: to the base modules that have some, nothing happened.
    expected = "FFF" if "resize_token_embeddings" in code else measured
    assert state_after(f"{STARTS[before]}\n{code}", adapter) == expected


def test_trainers_on_native_adapters_and_trl():
    assert state_after(NATIVE + TRAINER + "trained().train()") == "TTT"
    assert state_after(SFT + "m = t.model") == "TFT"
    assert state_after(SFT + "t.train(); m = t.model") == "TTT"


@pytest.mark.parametrize(
    ("trainer", "release", "what"),
    [
        ("SFTTrainer", "0.19.1", "ignored"),
        ("SFTTrainer", "0.21.0", "stacked"),
        ("GKDTrainer", "0.22.0", "merged"),
        ("GRPOTrainer", "0.19.1", "stacked"),
        ("RewardTrainer", "0.21.0", "ignored"),
        ("DPOTrainer", "0.19.1", "merged"),
        ("DPOTrainer", "0.26.2", "merged"),
        ("SFTTrainer", "1.16.0", "refused"),
        ("KTOTrainer", "0.27.0", "refused"),
    ],
)
def test_a_second_adapter_for_a_trainer(trainer, release, what):
    assert second_adapter(trainer, release) == what


RELEASES = [
    # (what is installed, code, state)
    ({"peft": "0.2.0"}, 'm = PeftModel.from_pretrained(base, "my-adapter")', "TFT"),
    ({"peft": "0.3.0"}, 'm = PeftModel.from_pretrained(base, "my-adapter")', "FFF"),
    ({"peft": "0.3.0"}, STARTS["TFT"], "FFF"),
    ({"peft": "0.4.0"}, STARTS["TFT"], "TFT"),
    ({"transformers": "4.46.3"}, 'm = base; m.load_adapter("my-adapter")', "FFT"),
    ({"transformers": "4.46.3"}, 'm = base.train(); m.load_adapter("my-adapter")', "TTT"),
    ({"transformers": "4.47.0"}, 'm = base; m.load_adapter("my-adapter")', "FFF"),
    ({"transformers": "5.2.0"}, 'm = base; m.load_adapter("my-adapter")', "FFT"),
    ({"transformers": "5.4.0"}, 'm = base; m.load_adapter("my-adapter")', "FFF"),
    (
        {"transformers": "5.3.0"},
        f"{STARTS['TFT']}\n{TRAINER}trained(eval_strategy='steps', eval_steps=2).train()",
        "???",
    ),
    (
        {"transformers": "5.3.0"},
        f"{STARTS['TFT']}\n{TRAINER}trained(eval_strategy='epoch').train()",
        "FFF",
    ),
]


@pytest.mark.parametrize(("releases", "code", "state"), RELEASES)
def test_older_releases(releases, code, state):
    assert state_after(code, target=released(**releases)) == state


def adapter_words(code, target=None):
    """Return for each adapter what `peft-lint trace` needs to know: active, trainable, weights."""
    _, _, body = believed(f"{PREAMBLE}\n{code}", target)
    return {
        one.name: (
            "?" if body.active is None else one.name in body.active,
            one.trainable,
            one.weights.name,
        )
        for one in body.adapters
    }


WRAPPED = "m = get_peft_model(base, cfg)\n"
LOADED = STARTS["FFF"] + "\n"
ACTIVATIONS = [
    # (code, {adapter: (active, trainable, weights)}): A6
    (WRAPPED, {"default": (True, True, "ZERO")}),
    ("m = get_peft_model(base, cfg, 'mine')", {"mine": (True, True, "ZERO")}),
    ("m = get_peft_model(base, cfg, adapter_name='mine')", {"mine": (True, True, "ZERO")}),
    (LOADED, {"default": (True, False, "LOADED")}),
    (STARTS["TFT"], {"default": (True, True, "LOADED")}),
    (
        LOADED + 'm.load_adapter("my-adapter", "two")',
        {"default": (True, False, "LOADED"), "two": (False, False, "LOADED")},
    ),
    (
        WRAPPED + 'm.add_adapter("two", cfg)',
        {"default": (True, True, "ZERO"), "two": (False, False, "ZERO")},
    ),
    (
        WRAPPED + 'm.add_adapter("two", cfg); m.set_adapter("two")',
        {"default": (False, False, "ZERO"), "two": (True, True, "ZERO")},
    ),
    (LOADED + 'm.set_adapter("default")', {"default": (True, True, "LOADED")}),
    (
        LOADED + 'm.set_adapter("default", inference_mode=True)',
        {"default": (True, False, "LOADED")},
    ),
    (
        LOADED
        + 'm.load_adapter("my-adapter", "two"); m.base_model.set_adapter(["default", "two"])',
        {"default": (True, True, "LOADED"), "two": (True, True, "LOADED")},
    ),
    (
        'm = base; m.add_adapter(cfg); m.add_adapter(cfg, "two")',
        {"default": (False, False, "ZERO"), "two": (True, True, "ZERO")},
    ),
    (
        'm = base; m.load_adapter("my-adapter"); m.load_adapter("my-adapter", adapter_name="two")',
        {"default": (False, False, "LOADED"), "two": (True, False, "LOADED")},
    ),
    (WRAPPED + "m.requires_grad_(False)", {"default": (True, False, "ZERO")}),
    (LOADED + "with m.disable_adapter(): pass", {"default": (True, True, "LOADED")}),
    (LOADED + "m.delete_adapter('other')", {"default": (True, False, "LOADED")}),
    (WRAPPED + 'm.load_adapter("my-adapter", "default")', {"default": (True, None, "LOADED")}),
    (
        WRAPPED + "set_peft_model_state_dict(m, torch.load('adapter.bin'))",
        {"default": (True, True, "LOADED")},
    ),
    (
        "from peft.utils.hotswap import hotswap_adapter\n"
        + WRAPPED
        + "hotswap_adapter(m, 'my-adapter', adapter_name='default')",
        {"default": (True, True, "LOADED")},
    ),
    (
        "from peft import replace_lora_weights_loftq\n" + WRAPPED + "replace_lora_weights_loftq(m)",
        {"default": (True, True, "UNKNOWN")},
    ),
]


@pytest.mark.parametrize(("code", "expected"), ACTIVATIONS)
def test_activation_and_gradients(code, expected):
    assert adapter_words(code) == expected


@pytest.mark.parametrize(
    ("release", "trainable"),
    [("0.17.1", True), ("0.18.0", False), ("0.20.0", False), ("0.21.2", True)],
)
def test_what_loading_a_second_adapter_does_to_the_first(release, trainable):
    words = adapter_words(WRAPPED + 'm.load_adapter("my-adapter", "two")', released(peft=release))
    assert words["default"] == (True, trainable, "ZERO")


@pytest.mark.parametrize(
    ("code", "merged"),
    [
        ("m.merge_adapter()", True),
        ("m.merge_adapter(); m.unmerge_adapter()", False),
        ("m.merge_adapter(); m.set_adapter('default')", False),
        ("m.merge_adapter(); m.load_adapter('my-adapter', 'two')", False),
        ("m.merge_adapter(adapter_names=['default'])", None),
        ("m.merge_adapter()\nwith m.disable_adapter(): pass", None),
    ],
)
def test_merging_in_place(code, merged):
    _, _, body = believed(f"{PREAMBLE}\n{LOADED}{code}")
    assert body.adapter("default").merged is merged


@pytest.mark.parametrize(
    "read",
    [
        "m.base_model",
        "m.base_model.model",
        "m.model",
        "m.module",
        "m.get_base_model()",
        "m.merge_and_unload()",
        "torch.compile(m)",
        "torch.nn.DataParallel(m).module",
        "accelerate.Accelerator().unwrap_model(m)",
        "Trainer(m).model.base_model",
        "Trainer(m).accelerator.unwrap_model(m)",
        'pipeline("text-generation", model=m).model',
    ],
)
def test_reading_twice_gives_the_same_object_and_makes_none(read):
    code = f"{PREAMBLE}\nimport accelerate\n{LOADED}one = {read}\ntwo = {read}"
    world, _, _ = believed(code)
    names = world.frames[0].variables
    assert isinstance(names["one"], Ref)
    assert names["one"] == names["two"]
    assert world.handle(names["one"]).body == world.handle(names["m"]).body


def test_the_base_model_of_the_tuner_is_the_plain_model():
    world, _, _ = believed(f"{PREAMBLE}\n{LOADED}one = m.base_model.model")
    names = world.frames[0].variables
    assert names["one"] == names["base"]


def test_prompt_learning_puts_no_tuner_around_the_base():
    code = (
        f"{PREAMBLE}\nfrom peft import PromptTuningConfig\n"
        "m = get_peft_model(base, PromptTuningConfig(num_virtual_tokens=4))\none = m.base_model"
    )
    world, _, body = believed(code)
    names = world.frames[0].variables
    assert names["one"] == names["base"]
    assert body.adapter("default").in_place is False


def test_a_copy_is_another_body():
    world, handle, body = believed(f"{PREAMBLE}\n{WRAPPED}c = copy.deepcopy(m)\nc.eval()")
    other = world.handle(world.frames[0].variables["c"])
    assert other.body != handle.body
    assert (body.adapter("default").training, handle.training) == (True, True)
    assert (world.body(other).adapter("default").training, other.training) == (False, False)


def test_a_copy_of_a_config_is_edited_by_itself():
    _, _, body = believed(
        f"{PREAMBLE}\nother = copy.deepcopy(cfg)\nother.lora_dropout = 0.0\n"
        "m = get_peft_model(base, cfg)"
    )
    assert body.adapter("default").dropout is True


@pytest.mark.parametrize(
    ("config", "dropout", "weights"),
    [
        ("LoraConfig()", False, "ZERO"),
        ("LoraConfig(lora_dropout=0.1)", True, "ZERO"),
        ("LoraConfig(lora_dropout=somewhere.rate)", None, "ZERO"),
        ("LoraConfig(**somewhere.settings)", None, "FRESH"),
        ("LoraConfig(init_lora_weights='pissa')", False, "FRESH"),
        ("LoraConfig(init_lora_weights='gaussian')", False, "ZERO"),
        ("peft.LoHaConfig(rank_dropout=0.1)", True, "ZERO"),
        ("peft.VeraConfig()", False, "ZERO"),
        ("peft.VBLoRAConfig(vblora_dropout=0.1)", True, "FRESH"),
        ("peft.IA3Config()", False, "FRESH"),
        ("peft.PolyConfig()", None, "FRESH"),
        ("PeftConfig.from_pretrained('my-adapter')", None, "ZERO"),
        ("somewhere.config", None, "FRESH"),
    ],
)
def test_what_a_config_makes(config, dropout, weights):
    code = f"{PREAMBLE}\nimport peft\nm = get_peft_model(base, {config})"
    _, _, body = believed(code)
    adapter = body.adapter("default")
    assert (adapter.dropout, adapter.weights.name) == (dropout, weights)
