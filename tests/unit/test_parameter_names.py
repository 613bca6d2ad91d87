"""What is known of the names of parameters, against the names that PEFT and transformers give them.

Every claim on a share ("all have it", "none has it") is compared with all of its real names.
"""

import dataclasses
import itertools

import peft
import pytest
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

from peft_lint.document import Document
from peft_lint.interpreter import shares
from peft_lint.interpreter.objects import Handle
from peft_lint.interpreter.run import run
from peft_lint.knowledge.tables import table
from peft_lint.library import parameter_names
from peft_lint.versions import Target

LOADED = """
import peft
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
base = AutoModelFor{}.from_pretrained("base-model")
"""
# What a class needs beside its defaults, on a Llama of four heads of eight.
GIVEN = {
    "AdaLoraConfig": "total_step=10",
    "FourierFTConfig": "n_frequency=5",
    "OFTConfig": "oft_block_size=4, r=0",
    "BOFTConfig": "boft_block_size=4",
    "C3AConfig": "block_size=4",
    "HRAConfig": "r=4",
    "IA3Config": "feedforward_modules=['v_proj']",
    "CPTConfig": "cpt_token_ids=[1, 2], cpt_mask=[1, 1], cpt_tokens_type_mask=[1, 1]",
    "CartridgeConfig": "num_virtual_tokens=4",
}
VARIANTS = {
    "DoRA": "peft.LoraConfig(use_dora=True)",
    "embeddings": "peft.LoraConfig(target_modules=['embed_tokens', 'q_proj'], use_dora=True)",
    "bias": "peft.LoraConfig(bias='all')",
    "of the layer": "peft.LoraConfig(lora_bias=True)",
    "modules": "peft.LoraConfig(modules_to_save=['lm_head'])",
    "tokens": "peft.LoraConfig(trainable_token_indices=[1, 2])",
    "head": "peft.LoraConfig(task_type='SEQ_CLS')",
    "convolved": "peft.LoHaConfig(target_modules=['q_proj'], modules_to_save=['embed_tokens'])",
}
NOT_BY = {
    **dict.fromkeys(parameter_names.PROMPT_LEARNING, ("base", "tuner", "mixed", "native")),
    "VeraConfig": ("native",),
}
MIXED = ("Lora", "AdaLora", "LoHa", "LoKr", "OFT")
WRAPS = {
    "wrapped": "model = peft.get_peft_model(base, {})",
    "named": "model = peft.get_peft_model(base, {}, 'Ia3_x')",
    "confused": "model = peft.get_peft_model(base, {}, 'LoRA_ia3_')",
    "base": "peft.get_peft_model(base, {}); model = base",
    "tuner": "model = peft.get_peft_model(base, {}).base_model",
    "mixed": "model = peft.get_peft_model(base, {}, mixed=True)",
    "native": "base.add_adapter({}); model = base",
    "compiled": "import torch; model = torch.compile(peft.get_peft_model(base, {}))",
}
TESTS = {
    "in": lambda name, text: text in name,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
TEXTS = (
    *parameter_names.WORDS,
    *(mark.strip(".") for mark in parameter_names.MARKS.values()),
    *parameter_names.MARKS.values(),
    *("lora_A", ".lora_B.", "lora_A.default.weight", "lora_embedding", "lora_magnitude_vector"),
    *(
        "default",
        ".default.",
        ".default",
        "Ia3_x",
        "ia3_x",
        ".weight",
        "bias",
        "a",
        "",
        "base_layer",
    ),
    *("base_model", "base_model.", "base_model.model.", "model.", "model.lora_", "base_model.lora"),
    *("q_proj", "q_proj.lora_A", "layers", "lm_head", "score", "module.", "_orig_mod.base_model."),
    *("base_model.model.model.layers.0.self_attn.q_proj.lora_A", "original_module", "oft_r", "ada"),
    *(
        "modules_to_save.LoRA_ia3_",
        "prompt_encoder.LoRA_ia3_",
        "prompt_encoder.lora_ia3_.",
        "lora_ia3_",
    ),
)


def config(name):
    """Return the text of a config of a class."""
    fields = {field.name for field in dataclasses.fields(getattr(peft, name))}
    given = [GIVEN[name]] if name in GIVEN else []
    if "target_modules" in fields:
        given.append("target_modules=['q_proj', 'v_proj']")
    else:
        given.append("task_type='CAUSAL_LM'")
        given += ["num_virtual_tokens=4"] if name not in GIVEN else []
    return f"peft.{name}({', '.join(given)})"


CONFIGS = {**{name: config(name) for name in sorted(parameter_names.MARKS)}, **VARIANTS}


def cases():
    for kind, how in itertools.product(CONFIGS, WRAPS):
        if kind in NOT_BY and how in NOT_BY[kind]:
            continue
        mixes = any(f"peft.{name}Config" in CONFIGS[kind] for name in MIXED)
        if how != "mixed" or mixes:
            yield pytest.param(CONFIGS[kind], WRAPS[how], id=f"{kind}-{how}")


def real_names(code, task):
    """Return the names of a real model's own parameters, and of those that its adapter trains."""
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 4}
    config = LlamaConfig(vocab_size=64, pad_token_id=0, **sizes, **heads)
    base = (LlamaForCausalLM if task == "CausalLM" else LlamaForSequenceClassification)(config)
    before = {name for name, _ in base.named_parameters()}
    names = {"base": base, "peft": peft}
    exec(code, names)
    shares = {False: [], True: []}
    for name, parameter in names["model"].named_parameters():
        plain = name.replace(".base_layer", "").replace(".original_module", "")
        plain = plain.removeprefix("_orig_mod.")
        starts = ("", "model.", "base_model.", "base_model.model.")
        own = any(plain.removeprefix(start) in before for start in starts)
        if own or parameter.requires_grad:
            shares[not own].append(name)
    return shares[False], shares[True]


def claims(code, task):
    """Yield what is claimed: text, test, whether in lower case and of the adapter, and answer."""
    machine = run(Document("x.py", LOADED.format(task) + code), Target(), lambda *_: None)
    (world,) = machine.ends
    model = world.frames[0].variables["model"].id
    handle = world.heap[model]
    assert isinstance(handle, Handle)
    adapters = [one.name for one in world.body(handle).adapters]
    for text, test, adapter in itertools.product(TEXTS, TESTS, (None, *adapters)):
        name = ("item", ("element", ("parameters", model), 1, shares.Share(model, adapter)), "0")
        constant = ("literal", ((str, text),))
        for asked in (name, ("lower", name)):
            pair = (constant, asked) if test == "in" else (asked, constant)
            answer = parameter_names.decided((test, *pair), world)
            if answer is not None:
                yield text, test, asked is not name, adapter is not None, answer


@pytest.mark.parametrize(("config", "wrap"), list(cases()))
def test_every_claim_holds_for_all_real_names(config, wrap):
    code = wrap.format(config)
    task = "SequenceClassification" if "SEQ_CLS" in config else "CausalLM"
    own, of_adapter = real_names(code, task)
    count = 0
    for text, test, is_lower, is_adapter, answer in claims(code, task):
        for name in of_adapter if is_adapter else own:
            name = name.lower() if is_lower else name  # noqa: PLW2901
            assert TESTS[test](name, text) is answer, f"{text!r} {test} {name}: not {answer}"
        count += is_adapter
    assert own
    assert of_adapter
    assert count > 20


@pytest.mark.parametrize("word", parameter_names.WORDS)
def test_no_module_of_a_known_family_has_such_a_word(word):
    rows = table("modules")["families"].values()
    names = {name for row in rows for kind in row.values() for name in texts(kind)}
    assert not [name for name in names if word.lower() in name.lower()]


def texts(kind):
    """Yield the words of a row, whatever the release."""
    for text in kind.values() if isinstance(kind, dict) else [kind]:
        yield from text.split() if isinstance(text, str) else map(str, text)
