"""What is known of an adapter at a path: from its config on disk, and from the document's own save.

That the libraries do what is claimed here is shown by `tests/differential`, which draws such
loads, and by the tables of `tests/proofs/mode_table.py`.
"""

import json
import os
from pathlib import Path

import pytest

from peft_lint.document import Document
from peft_lint.engine import analyse
from peft_lint.interpreter.objects import Weights
from peft_lint.interpreter.run import run
from peft_lint.project import _MAX_BYTES, Project
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target
from tests.unit.test_library_models import ADAPTER_IN_A_PATH, PREAMBLE, letters, released

IMPORTS = """
from peft import (AutoPeftModelForCausalLM, LoraConfig, PeftConfig, PeftModel, get_peft_model)
from transformers import (AutoModelForCausalLM, Trainer, TrainingArguments, pipeline)
base = AutoModelForCausalLM.from_pretrained("meta-llama/Llama-3.2-1B")
"""
LORA = {
    "peft_type": "LORA",
    "base_model_name_or_path": "gpt2",
    "inference_mode": True,
    "lora_dropout": 0.1,
    "target_modules": ["q_proj"],
    "alpha_pattern": {},
}
TRAINABLE = 'm = PeftModel.from_pretrained(base, "adapter", is_trainable=True)\n'


@pytest.fixture
def project(tmp_path):
    """A project with a script's folder and an adapter beside the script."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "scripts").mkdir()
    write(tmp_path / "scripts" / "adapter", LORA)
    return tmp_path


def write(folder, content):
    folder.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / "adapter_config.json").write_bytes(text)


def interpreted(code, folder, target=None):
    """Return the world at the end, with the handle `m` and its body."""
    machine = run(Document(str(Path(folder, "script.py")), IMPORTS + code), target or Target())
    world = machine.ends[0]
    handle = world.handle(world.frames[0].variables["m"])
    return world, handle, world.body(handle)


def adapter(code, folder):
    _, _, body = interpreted(code, folder)
    return body.adapters[-1]


# The file beside the script


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_the_config_on_disk_says_whether_there_is_dropout(project, rate):
    write(project / "scripts" / "adapter", LORA | {"lora_dropout": rate})
    for code in (
        TRAINABLE,
        'm = AutoPeftModelForCausalLM.from_pretrained("adapter")',
        'm = base; m.load_adapter("./adapter/")',
        'm = get_peft_model(base, PeftConfig.from_pretrained("adapter"))',
        'm = PeftModel.from_pretrained(base, ".", subfolder="adapter")',
        'm = PeftModel.from_pretrained(base, "adapter", config=PeftConfig.from_pretrained("adapter"))',
    ):
        assert adapter(code, project / "scripts").dropout is (rate > 0), code


def test_without_the_file_it_is_presumed_and_said_to_be_unknown(tmp_path):
    found = adapter(TRAINABLE, tmp_path)
    assert (found.dropout, found.in_place, found.weights) == (None, True, Weights.LOADED)
    assert found.config is None


def test_a_field_that_is_not_saved_has_its_default(project):
    write(project / "scripts" / "adapter", {"peft_type": "LORA"})
    assert adapter(TRAINABLE, project / "scripts").dropout is False


def test_a_method_that_is_not_known_is_presumed_like_lora(project):
    write(project / "scripts" / "adapter", {"peft_type": "SOMETHING_NEW", "lora_dropout": 0.1})
    found = adapter(TRAINABLE, project / "scripts")
    assert (found.dropout, found.in_place) == (None, True)


def test_what_was_assigned_to_a_config_counts_before_what_was_read(project):
    code = 'c = PeftConfig.from_pretrained("adapter"); c.lora_dropout = 0.0\n'
    assert adapter(code + "m = get_peft_model(base, c)", project / "scripts").dropout is False


def test_prompt_learning_leaves_the_modules_alone_and_stays_trainable(project):
    write(project / "scripts" / "adapter", {"peft_type": "P_TUNING", "encoder_dropout": 0.0})
    code = 'm = PeftModel.from_pretrained(base, "adapter")'
    found = adapter(code, project / "scripts")
    assert (found.in_place, found.trainable, found.dropout) == (False, True, False)
    native = 'm = AutoModelForCausalLM.from_pretrained("adapter")'  # PEFT raises
    assert interpreted(native, project / "scripts")[2].adapters == ()


def test_a_script_may_be_run_from_the_root_of_its_project(project):
    write(project / "runs" / "one", LORA)
    assert adapter(TRAINABLE.replace("adapter", "runs/one"), project / "scripts").dropout is True
    assert adapter(TRAINABLE.replace("adapter", "../runs/one"), project / "scripts").dropout is True
    assert adapter(TRAINABLE.replace("adapter", str(project / "runs/one")), project).dropout is True


def test_two_configs_that_differ_say_nothing_and_two_that_agree_do(project):
    write(project / "adapter", LORA)
    assert adapter(TRAINABLE, project / "scripts").dropout is True
    write(project / "adapter", LORA | {"lora_dropout": 0.0})
    assert adapter(TRAINABLE, project / "scripts").dropout is None


def test_a_path_that_leads_out_of_the_project_is_not_read(project):
    write(project.parent / "adapter", LORA)
    code = TRAINABLE.replace("adapter", "../../adapter")
    assert adapter(code, project / "scripts").dropout is None
    assert Project(str(project / "scripts" / "x.py")).adapter_config("a\0b") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1, 2]",
        b"\xff\xfe{}",
        b"[" * 200_000,
        b'{"peft_type": "LORA", "x": "' + b"x" * _MAX_BYTES + b'"}',
        b'{"peft_type": ["LORA"], "base_model_name_or_path": 3}',
        b'{"peft_type": "LORA", "lora_dropout": "much"}',
        b'{"peft_type": "LORA", "lora_dropout": NaN}',
    ],
)
def test_broken_files_do_no_harm(project, content):
    write(project / "scripts" / "adapter", content)
    assert adapter(TRAINABLE, project / "scripts").dropout in (None, False)
    interpreted('m = AutoModelForCausalLM.from_pretrained("adapter")', project / "scripts")


def test_only_regular_files_are_opened(project):
    (project / "scripts" / "pipe").mkdir()
    os.mkfifo(project / "scripts" / "pipe" / "adapter_config.json")
    (project / "scripts" / "nested" / "adapter_config.json").mkdir(parents=True)
    for name in ("pipe", "nested"):
        assert adapter(TRAINABLE.replace("adapter", name), project / "scripts").dropout is None


def test_a_file_is_read_again_when_it_has_changed(project):
    beside = project / "scripts" / "adapter"
    assert adapter(TRAINABLE, project / "scripts").dropout is True
    write(beside, LORA | {"lora_dropout": 0.0, "note": "longer than before"})
    assert adapter(TRAINABLE, project / "scripts").dropout is False


def test_the_files_that_were_looked_for_are_dependencies_of_the_result(project):
    generate = "m.generate(input_ids=x)\n"
    document = Document(str(project / "scripts" / "script.py"), IMPORTS + TRAINABLE + generate)
    analysis = analyse(document, all_rules(), Target())
    asked = [
        project / "scripts/adapter/adapter_config.json",
        project / "adapter/adapter_config.json",
    ]
    assert set(map(str, asked)) <= set(analysis.dependencies)
    assert [(one.code, one.severity.value) for one in analysis.findings] == [("PEF201", "warning")]
    (project / "scripts/adapter/adapter_config.json").unlink()
    unknown = analyse(document, all_rules(), Target())
    assert unknown.dependencies == analysis.dependencies
    assert [one.severity.value for one in unknown.findings] == ["info"]
    write(project / "adapter", LORA | {"lora_dropout": 0.0})
    assert analyse(document, all_rules(), Target()).findings == ()


# A model class that loads an adapter's folder


@pytest.mark.parametrize("code", ADAPTER_IN_A_PATH)
def test_beside_its_config_an_adapter_is_loaded_in_the_measured_mode(project, code):
    from tests.proofs.mode_table import CONSTRUCTIONS

    write(project / "my-adapter", LORA)
    document = Document(str(project / "script.py"), f"{PREAMBLE}\n{code}")
    (world,) = run(document, Target()).ends
    handle = world.handle(world.frames[0].variables["m"])
    assert letters(world.body(handle), handle, None) == CONSTRUCTIONS[code]


def test_a_model_class_loads_base_and_adapter(project):
    code = 'm = AutoModelForCausalLM.from_pretrained("adapter")'
    _, handle, body = interpreted(code, project / "scripts")
    (found,) = body.adapters
    assert (handle.kind.value, body.active, body.family) == ("plain model", ("default",), "gpt2")
    assert (found.native, found.trainable, found.training, found.dropout) == (
        True,
        False,
        False,
        True,
    )
    assert body.dropout is True


@pytest.mark.parametrize(
    ("release", "live"), [("4.46.3", True), ("4.57.1", False), ("5.2.0", True), ("5.4.0", False)]
)
def test_older_transformers_leave_its_dropout_on(project, release, live):
    code = 'm = AutoModelForCausalLM.from_pretrained("adapter")'
    _, _, body = interpreted(code, project / "scripts", released(transformers=release))
    assert body.adapters[0].training is live


def test_before_4_50_a_pipeline_takes_the_base_alone(project):
    code = 'm = pipeline("text-generation", model="adapter").model'
    for release, count in (("4.49.0", None), ("4.50.0", 1)):
        _, _, body = interpreted(code, project / "scripts", released(transformers=release))
        assert (body.adapters and len(body.adapters)) == count


# What the document itself saves


WRAPPED = "w = get_peft_model(base, LoraConfig(lora_dropout={}))\n"
TRAINED = "loss = w(x).loss; loss.backward()\n"
LOAD = 'm = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("b"), "out", is_trainable=True)\n'


@pytest.mark.parametrize("rate", [0.0, 0.3])
@pytest.mark.parametrize(
    "save",
    [
        'w.save_pretrained("out")\n',
        'w.save_pretrained("./out/")\n',
        'OUT = "out"; w.save_pretrained(save_directory=OUT)\n',
        'Trainer(model=w).save_model("out")\n',
        'Trainer(model=w, args=TrainingArguments("out")).save_model()\n',
        'Trainer(model=w, args=TrainingArguments(output_dir="out")).save_model()\n',
    ],
)
def test_what_the_document_saves_is_known(tmp_path, save, rate):
    found = adapter(WRAPPED.format(rate) + TRAINED + save + LOAD, tmp_path)
    assert (found.dropout, found.weights) == (rate > 0, Weights.LOADED)
    assert (found.node.lineno, found.trainable) != (1, False)


def test_the_save_counts_before_a_file_of_an_earlier_run(project):
    write(project / "out", LORA)
    code = WRAPPED.format(0.0) + TRAINED + 'w.save_pretrained("out")\n' + LOAD
    assert adapter(code, project).dropout is False


def test_an_adapter_that_is_saved_untrained_has_no_effect(tmp_path):
    code = WRAPPED.format(0.3) + 'w.save_pretrained("out")\n'
    assert adapter(code + LOAD, tmp_path).weights is Weights.ZERO
    assert adapter(code + TRAINED + 'w.save_pretrained("out")\n' + LOAD, tmp_path).weights is (
        Weights.LOADED
    )


def test_adapters_with_names_have_folders_of_their_own(tmp_path):
    code = (
        "w = get_peft_model(base, LoraConfig(lora_dropout=0.1))\n"
        'w.add_adapter("two", LoraConfig())\n{}\n'
    )
    both = code.format('w.save_pretrained("out")')
    assert adapter(both + LOAD, tmp_path).dropout is True
    assert adapter(both + LOAD.replace('"out"', '"out/two"'), tmp_path).dropout is False
    two = code.format('w.save_pretrained("out", selected_adapters=["two"])')
    assert adapter(two + LOAD, tmp_path).dropout is None
    assert adapter(two + LOAD.replace('"out"', '"out" + "/two"'), tmp_path).dropout is False


def test_a_model_that_holds_its_adapter_itself_saves_it(tmp_path):
    code = 'base.add_adapter(LoraConfig(lora_dropout=0.1), "two"); base.save_pretrained("out")\n'
    assert adapter(code + LOAD, tmp_path).dropout is True


def test_a_base_with_layers_inside_saves_no_adapter(tmp_path):
    code = WRAPPED.format(0.3) + 'base.save_pretrained("out")\n'
    load = 'm = AutoModelForCausalLM.from_pretrained("out")'
    assert interpreted(code + load, tmp_path)[2].adapters == ()


def test_a_config_that_was_changed_after_wrapping_is_not_known(tmp_path):
    code = (
        "c = LoraConfig(lora_dropout=0.1); w = get_peft_model(base, c); c.lora_dropout = 0.0\n"
        'w.save_pretrained("out")\n'
    )
    assert adapter(code + LOAD, tmp_path).dropout is None


def test_saves_that_differ_say_only_what_they_agree_on(tmp_path):
    code = "".join(
        WRAPPED.format(rate).replace("base", f"AutoModelForCausalLM.from_pretrained('{rate}')")
        + 'w.save_pretrained("out")\n'
        for rate in (0.0, 0.3)
    )
    found = adapter(code + LOAD, tmp_path)
    assert (found.dropout, found.in_place) == (None, True)


def test_a_folder_that_may_hold_a_whole_model_is_not_taken_for_an_adapter(tmp_path):
    code = (
        "if lora:\n    base = get_peft_model(base, LoraConfig(lora_dropout=0.1))\n"
        'base.save_pretrained("out")\n'
        'm = AutoModelForCausalLM.from_pretrained("out")\n'
    )
    machine = run(Document(str(tmp_path / "script.py"), IMPORTS + code), Target())
    loaded = [world.body(world.handle(world.frames[0].variables["m"])) for world in machine.ends]
    assert [body.adapters for body in loaded] == [None, None]
    sure = code.replace("if lora:\n    ", "")
    assert len(interpreted(sure, tmp_path)[2].adapters) == 1
    elsewhere = code.replace('"out")\nm', '"out2")\nm')
    assert interpreted(elsewhere, tmp_path)[2].adapters == ()


# Where an adapter lies, and which are merged


def merged_paths(code, folder):
    return [
        tuple(path.values[0] for path in one.paths) for one in interpreted(code, folder)[2].merged
    ]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("m = m.merge_and_unload()", [("adapter",)]),
        ("m.save_pretrained('other/'); m = m.merge_and_unload()", [("adapter", "other")]),
        ("m = m.merge_and_unload(adapter_names=['second'])", []),
        ("m.merge_adapter(); m = m.unload()", [("adapter",)]),
        ("m.merge_adapter(); m.unmerge_adapter(); m = m.unload()", []),
        ("m = m.unload()", []),
        ("m = m.merge_and_unload(); m.load_state_dict(torch.load('weights.pt'))", []),
        ("m = m.merge_and_unload(); unknown(m)", []),
    ],
)
def test_a_body_knows_which_adapters_are_merged_into_it(tmp_path, code, expected):
    load = 'm = PeftModel.from_pretrained(base, "./adapter")\n'
    assert merged_paths(load + code, tmp_path) == expected


def test_where_an_adapter_lies_is_what_all_worlds_agree_on(tmp_path):
    code = "m = get_peft_model(base, LoraConfig())\nm.save_pretrained('one')\n"
    code += "if more:\n    m.save_pretrained('two')\n"
    assert [path.values for path in adapter(code, tmp_path).paths] == [("one",)]
