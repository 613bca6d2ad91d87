"""PEF307: one target that exists is enough, and PEFT passes over all others silently."""

from tests.proofs.harness import run

PHI3 = """
from peft import LoraConfig, get_peft_model
from transformers import Phi3Config, Phi3ForCausalLM
config = Phi3Config(
    vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
    num_attention_heads=2, num_key_value_heads=2, pad_token_id=0,
)
model = Phi3ForCausalLM(config)
model = get_peft_model(model, LoraConfig(target_modules=%s))
"""


def proof(example, use_instead):
    """Only the name that exists gets an adapter, and nothing says so; then both do."""
    outcome = run(example, adapted)
    assert outcome.value() == ["q_proj"]
    assert "v_porj" not in outcome.stdout + outcome.stderr
    assert run(use_instead, adapted).value() == ["q_proj", "v_proj"]


def adapted(names):
    found = (n for n, module in names["model"].named_modules() if hasattr(module, "lora_A"))
    return sorted({name.rpartition(".")[2] for name in found})


def test_the_names_of_another_architecture():
    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    outcome = run(PHI3 % names, adapted)
    assert outcome.value() == ["down_proj", "o_proj"]
    assert "k_proj" not in outcome.stdout + outcome.stderr


def test_what_is_taken_out_changes_nothing():
    assert (
        run(PHI3 % ["o_proj"], adapted).value() == run(PHI3 % ["q_proj", "o_proj"], adapted).value()
    )
