"""What fixes write beyond the examples of the rule pages."""

import pytest

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.fixer import fix
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target

MERGED = """from peft import PeftModel
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained("base-model")
PeftModel.from_pretrained(base, "my-adapter").merge_and_unload().save_pretrained("merged")
base = AutoModelForCausalLM.from_pretrained("merged")
"""


def fixed(code, text):
    rules = tuple(rule for rule in all_rules() if rule.code == code)
    result = fix(Document("one.py", text), lambda one: find(one, rules, Target()), unsafe=True)
    assert bool(result.applied) is not bool(result.findings)
    return result.document.text


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ('base = PeftModel.from_pretrained(base, "my-adapter")\n', ""),
        ('model = PeftModel.from_pretrained(base, "my-adapter")\n', "model = base\n"),
        (
            'both = base = PeftModel.from_pretrained(base, "my-adapter")\n',
            'both = base = PeftModel.from_pretrained(base, "my-adapter")\n',
        ),
        (
            'if True:\n    base = PeftModel.from_pretrained(base, "my-adapter")\n',
            "if True:\n    pass\n",
        ),
    ],
)
def test_no_name_is_bound_to_itself(written, left):
    assert fixed("PEF505", MERGED + written) == MERGED + left


def test_a_parameter_is_not_written_over():
    text = """from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


def build(targets):
    model = AutoModelForCausalLM.from_pretrained("gpt2")
    return get_peft_model(model, LoraConfig(target_modules=targets))


build(["q_proj", "v_proj"])
"""
    assert fixed("PEF306", text) == text
    inside = text.replace("(targets):", "():\n    targets = ['q_proj']").replace("build([", "([")
    inside += "build()\n"
    assert 'target_modules=["c_attn"]' in fixed("PEF306", inside)


QUANTISED = """from transformers import AutoModelForCausalLM

def load(self):
    model = self.model = AutoModelForCausalLM.from_pretrained("base-model", load_in_8bit=True)
"""


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("    model = model.half()\n", ""),
        ("    model.cuda()\n", ""),
        ("    self.model.cuda()\n", ""),
        ("    self.other = model.half()\n", "    self.other = model\n"),
        ("    return (\n        model.half()\n    )\n", "    return (\n        model\n    )\n"),
        ("    print(model.half())\n", "    print(model)\n"),
    ],
)
def test_a_cast_is_left_out_with_its_statement(written, left):
    assert fixed("PEF422", QUANTISED + written) == QUANTISED + left


def test_what_is_called_for_its_effect_stays():
    text = QUANTISED.replace("model = self.model = ", "").replace("=True)", "=True){}")
    assert fixed("PEF422", text.format(".half()")) == text.format("")


def test_a_type_that_others_may_share_is_not_written_over():
    text = """from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification

KIND = "CAUSAL_LM"
model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
model = get_peft_model(model, LoraConfig(task_type=KIND))
"""
    assert fixed("PEF302", text) == text
    assert 'task_type="SEQ_CLS"' in fixed("PEF302", text.replace("=KIND", '="CAUSAL_LM"'))
