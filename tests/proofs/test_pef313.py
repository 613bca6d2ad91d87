"""PEF313: what a config is like after it was used, and what a second model makes of it."""

import pytest

from tests.proofs.harness import run

MODELS = """
from peft import *
from transformers import *
size = dict(vocab_size=99, hidden_size=16, num_attention_heads=2, num_hidden_layers=8)
llama = LlamaForCausalLM(LlamaConfig(intermediate_size=32, num_key_value_heads=2, **size))
opt = OPTForCausalLM(OPTConfig(ffn_dim=32, word_embed_proj_dim=16, **size))
gpt2 = AutoModelForCausalLM.from_pretrained("gpt2")
"""
LINEAR = "LoraConfig(target_modules='all-linear')"


def proof(example, use_instead):
    """The second model of the example is refused; in the fixed text all its layers are adapted."""
    assert "not found in the base model" in run(example).exception
    assert run(use_instead, adapted).value() == ["c_attn", "c_fc", "c_proj"]


@pytest.mark.parametrize("config", [LINEAR, "LoraConfig()", "IA3Config()"])
@pytest.mark.parametrize("use", ["get_peft_model({}, config)", "{}.add_adapter(config)"])
def test_another_architecture_is_refused(config, use):
    code = f"{MODELS}config = {config}\n{use.format('llama')}\n{use.format('gpt2')}"
    assert "not found in the base model" in run(code).exception


def test_with_some_of_the_names_it_gets_fewer_adapters():
    code = f"{MODELS}config = {LINEAR}\nget_peft_model(llama, config)\n"
    shared = run(code + "model = get_peft_model(opt, config)", adapted).value()
    assert shared == ["k_proj", "q_proj", "v_proj"]
    own = run(code + f"model = get_peft_model(opt, {LINEAR})", adapted).value()
    assert {*shared} < {*own}


def test_with_all_of_the_names_or_a_list_nothing_changes():
    code = f"{MODELS}config = LoraConfig()\nget_peft_model(llama, config)\n"
    assert run(code + "model = get_peft_model(opt, config)", adapted).value() == [
        "q_proj",
        "v_proj",
    ]
    code = f"{MODELS}config = LoraConfig(target_modules=['q_proj', 'c_attn'])\n"
    code += "get_peft_model(llama, config)\nmodel = get_peft_model(gpt2, config)"
    assert run(code, adapted).value() == ["c_attn"]


def test_models_of_one_architecture_may_share_it():
    code = f"{MODELS}config = {LINEAR}\nget_peft_model(gpt2, config)\n"
    code += "other = AutoModelForCausalLM.from_pretrained('gpt2')\n"
    code += "model = get_peft_model(other, config)"
    assert run(code, adapted).value() == ["c_attn", "c_fc", "c_proj"]


def adapted(names):
    found = (n for n, module in names["model"].named_modules() if hasattr(module, "lora_A"))
    return sorted({name.rpartition(".")[2] for name in found})
