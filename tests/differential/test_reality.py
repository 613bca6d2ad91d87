"""The reality half by itself: the records of a known program."""

from tests.differential.reality import Program, outcomes

KNOWN = """
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
probe("base", base)
model = PeftModel.from_pretrained(base, "my-adapter")
probe("loaded", model)
if flag("a"):
    model.load_adapter("my-other-adapter", "two", is_trainable=True)
    model.set_adapter("two")
probe("two", model)
with model.disable_adapter():
    probe("disabled", model)
model.merge_adapter()
probe("merged", model)
probe("handle", base)
model = model.merge_and_unload()
probe("end", model)
"""


def test_a_known_program():
    records = {record.label: record for record in outcomes(Program(KNOWN, {"a": True}))}
    base, loaded, two = records["base"], records["loaded"], records["two"]
    assert (base.kind, base.top, base.base, base.adapters) == ("plain", False, "eval", ())
    assert (base.distance, base.stochastic) == (0, False)
    assert (loaded.kind, loaded.base, loaded.dropout) == ("peft", "eval", {"default": "eval"})
    assert loaded.trainable == {"default": "none"}
    assert loaded.rate == {"default": 0.1}
    assert loaded.distance > 0.01
    assert (two.active, two.adapters) == (("two",), ("default", "two"))
    assert two.dropout == {"default": "eval", "two": "train"}
    assert two.trainable == {"default": "none", "two": "all"}
    assert (two.top, two.stochastic) == (False, True)
    assert records["disabled"].disabled
    assert records["disabled"].distance == 0
    assert records["merged"].merged == ("two",)
    assert not records["merged"].stochastic
    assert (records["handle"].kind, records["handle"].adapters) == ("plain", ("default", "two"))
    assert (records["end"].kind, records["end"].adapters) == ("plain", ())
    assert records["end"].distance > 0.01


def test_flags_choose_the_path():
    runs = list(Program(KNOWN, {"a": True}).every_run())
    assert [run.flags for run in runs] == [{"a": True}, {"a": False}]
    two = next(record for record in outcomes(runs[1]) if record.label == "two")
    assert two.adapters == ("default",)
