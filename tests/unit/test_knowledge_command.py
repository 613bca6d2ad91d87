"""`peft-lint knowledge` as a program: what it prints, and what its failures look like."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments):
    command = [sys.executable, "-m", "peft_lint", "knowledge", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_a_field():
    code, lines, errors = run("peft", "LoraConfig.use_dora")
    assert (code, errors) == (0, "")
    assert lines[:4] == [
        "peft LoraConfig.use_dora",
        "  field: since 0.9.0",
        "  type: bool",
        "  default: False",
    ]
    assert lines[4].startswith("(from ") and " releases, 0.0.1 to " in lines[4]


@pytest.mark.parametrize(
    ("library", "name", "line"),
    [
        ("peft", "OFTConfig.r", "    before 0.16.0: 8"),
        ("peft", "LoraConfig.init_lora_weights", "    0.12.0: added olora"),
        ("peft", "LoraConfig", "  config class: since 0.0.1"),
        ("peft", "PeftType.BONE", "  member: 0.14.0 to 0.18.1"),
        ("peft", "TaskType", "  QUESTION_ANS        since 0.4.0"),
        ("peft", "peft.mapping.get_peft_model", "  now: from peft import get_peft_model"),
        ("peft", "peft.optimizers", "  module peft.optimizers: since 0.13.0"),
        ("peft", "PeftModel.from_pretrained", "    0.16.0: added key_mapping=None"),
        ("peft", "BoneConfig", "  from peft import BoneConfig: 0.14.0 to 0.18.1"),
        ("trl", "SFTTrainer", "    1.8.0: added quantization_config=None"),
        (
            "trl",
            "experimental.ppo.PPOConfig",
            "  from trl.experimental.ppo import PPOConfig: 0.26.0 to 1.12.0",
        ),
        ("trl", "experimental.cpo.CPOConfig.beta", "  default: 0.1"),
        ("transformers", "TrainingArguments.eval_strategy", "  field: since 4.41.2"),
        ("transformers", "gpt2", "  linear: attn.c_attn, attn.c_proj"),
    ],
)
def test_other_names(library, name, line):
    code, lines, errors = run(library, name)
    assert (code, errors) == (0, "")
    assert any(shown.startswith(line) for shown in lines), lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["peft", "LoraConfig.use_dorra"],
            "nothing is known of `LoraConfig.use_dorra` in peft; did you mean `use_dora`?",
        ),
        (
            ["peft", "LoraConfig.foo"],
            "nothing is known of `LoraConfig.foo` in peft;"
            " `peft-lint knowledge peft LoraConfig` lists its fields",
        ),
        (
            ["peft", "get_peft_modl"],
            "nothing is known of `get_peft_modl` in peft; did you mean `get_peft_model`?",
        ),
        (["peft", "%%%"], "nothing is known of `%%%` in peft"),
        (
            ["transfomers", "Trainer"],
            "nothing is known of the library `transfomers`; did you mean `transformers`?",
        ),
        (
            ["torch", "nn"],
            "nothing is known of the library `torch`; known are peft, transformers, trl",
        ),
        (
            ["peft"],
            "the following arguments are required: NAME (see `peft-lint knowledge --help`)",
        ),
        (
            ["peft", "LoraConfig", "r"],
            "surplus argument `r` (see `peft-lint knowledge --help`)",
        ),
        (
            ["peft", "LoraConfig", "--json"],
            "unknown option `--json` (see `peft-lint knowledge --help`)",
        ),
    ],
)
def test_failures_are_one_line(arguments, message):
    code, lines, errors = run(*arguments)
    assert (code, lines) == (2, [])
    assert errors == f"peft-lint: error: {message}\n"
