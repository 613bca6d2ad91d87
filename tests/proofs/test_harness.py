"""The harness itself: a script runs as it would alone, and cannot harm the next one."""

from pathlib import Path

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.checkpoints import ADAPTERS, BASES

STACKS = sorted(Path(__file__).with_name("stacks").glob("*.txt"))


def test_a_script_runs_as_main_and_is_measured():
    code = 'if __name__ == "__main__":\n    x = 20 + 1\nprint("hello")'
    outcome = run(code, double_x)
    assert (outcome.measured, outcome.stdout, outcome.exception) == (42, "hello\n", "")


def test_an_exception_is_reported_and_value_fails():
    outcome = run("x = 1\n1 / 0", double_x)
    assert outcome.exception == "ZeroDivisionError: division by zero"
    assert outcome.measured is None
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        outcome.value()


@pytest.mark.parametrize(
    ("code", "exception"),
    [
        ("while True: pass", "TimeoutError"),
        ("import os; os._exit(3)", "ChildProcessError"),
        ("raise SystemExit(2)", "SystemExit: 2"),
        ("x = (", "SyntaxError"),
    ],
)
def test_scripts_that_do_not_come_back(code, exception):
    assert run(code, timeout=2).exception.startswith(exception)
    assert run("x = 1", double_x).value() == 2


def test_seeds_are_fixed_unless_asked_otherwise():
    code = "import torch; x = torch.rand(()).item()"
    assert run(code, double_x).value() == run(code, double_x).value()
    assert run(code, double_x, seed=None).value() != run(code, double_x, seed=None).value()


def test_a_folder_is_kept_between_runs_and_checkpoints_are_not_overwritten(tmp_path):
    run('open("base-model/mark", "w").close()', folder=tmp_path).value()
    code = 'import os; x = os.path.exists("base-model/mark")'
    assert run(code, double_x, folder=tmp_path).value() == 2
    assert run(code, double_x).value() == 0
    assert Path(tmp_path, "base-model", "config.json").exists()


@pytest.mark.parametrize("name", [name for row in BASES.values() for name in row])
def test_every_id_is_a_checkpoint(name):
    run(f'import transformers\ntransformers.AutoModel.from_pretrained("{name}")').value()


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_adapter_has_an_effect_on_its_base(name):
    auto_class = ADAPTERS[name][1]
    code = f"import peft\nmodel = peft.Auto{auto_class[4:].replace('Model', 'PeftModel')}"
    outcome = run(f'{code}.from_pretrained("{name}")', effect)
    assert outcome.value() > 0.01


@pytest.mark.stack
@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
def test_a_stack_has_the_releases_that_its_file_pins(path):
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    pins = dict(line.split("==") for line in lines if "==" in line)
    code = f"import importlib.metadata as m; x = [m.version(n) for n in {list(pins)}]"
    releases = run(code, releases_of, stack=path.stem).value()
    assert [one.split("+")[0] for one in releases] == list(pins.values())


def test_a_stack_that_is_not_there_says_how_to_build_it():
    with pytest.raises(RuntimeError, match="make proofs"):
        run("", stack="peft-of-another-time")


def double_x(names):
    return 2 * names["x"]


def releases_of(names):
    return names["x"]


def effect(names):
    from tests.proofs.harness.measures import difference, logits

    model = names["model"]
    with_adapter = logits(model)
    with model.disable_adapter():
        return difference(with_adapter, logits(model))
