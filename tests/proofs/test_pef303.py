"""PEF303: PEFT's config classes refuse a keyword that they do not have."""

import json

import pytest

from peft_lint.knowledge import configs
from peft_lint.knowledge.spellings import FIELDS, FOREIGN
from peft_lint.knowledge.tables import table
from peft_lint.versions.target import known_releases
from tests.proofs.harness import run

NEWEST = known_releases()["peft"][-1]
REFUSED = "got an unexpected keyword argument"


def proof(example, use_instead):
    """The call raises and names the keyword; with the class's own word the rank is set."""
    outcome = run(example)
    assert outcome.exception.startswith("TypeError: LoraConfig.__init__() " + REFUSED)
    assert "lora_rank" in outcome.exception
    assert run(use_instead, rank).value() == 16


def rank(names):
    return names["model"].peft_config["default"].r


def test_every_word_of_the_tables_is_refused_by_every_class_that_it_is_for():
    classes = [n for n in table("peft_configs")["configs"] if configs.fields("peft", n, NEWEST)]
    words = [
        (name, word)
        for name in classes
        for word, meant in FIELDS.items()
        if {*meant} & {*configs.fields("peft", name, NEWEST)}
        and word not in configs.fields("peft", name, NEWEST)
    ]
    words += [(name, word) for name, foreign in FOREIGN.items() for word in foreign]
    assert len(words) > 300
    code = f"""
import json
import peft.tuners, peft.tuners.lora.config, peft.config
accepted = []
for name, word in json.loads({json.dumps(json.dumps(words))}):
    for place in (peft, peft.tuners, peft.tuners.lora.config, peft.config):
        if hasattr(place, name):
            try:
                getattr(place, name)(**{{word: 1}})
                accepted.append((name, word))
            except TypeError as error:
                if {REFUSED!r} not in str(error):
                    accepted.append((name, word, str(error)))
"""
    assert run(code, accepted).value() == []


def accepted(names):
    return names["accepted"]


@pytest.mark.parametrize(
    ("call", "word"),
    [
        ("LoraConfig(r=8, lora_aplha=16)", "lora_aplha"),
        ("LoraConfig(r=8, target_module=['q_proj'])", "target_module"),
        ("LoHaConfig(lora_alpha=16)", "lora_alpha"),
        ("IA3Config(r=8)", "r"),
        ("LoraConfig(r=8, **{'lora_r': 8})", "lora_r"),
        ("LoraConfig(merge_weights=False)", "merge_weights"),
    ],
)
def test_calls_that_raise(call, word):
    outcome = run(f"from peft import IA3Config, LoHaConfig, LoraConfig\n{call}")
    assert outcome.exception.startswith("TypeError") and f"{REFUSED} '{word}'" in outcome.exception


def test_a_derived_class_has_fields_of_its_own():
    code = """
from dataclasses import dataclass
from peft import LoraConfig

@dataclass
class RankedConfig(LoraConfig):
    lora_rank: int = 8

config = RankedConfig(lora_rank=16)
"""
    assert run(code, own_rank).value() == 16


def own_rank(names):
    return names["config"].lora_rank
