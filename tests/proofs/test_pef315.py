"""PEF315: merging a LoRA on one of two tied layers changes the other as well."""

import pytest

from tests.proofs.harness import run

CODE = """
import torch
import transformers
from peft import LoraConfig, get_peft_model
torch.manual_seed(0)
model = transformers.{model}(transformers.{config})
model = get_peft_model(model, LoraConfig(target_modules={targets}{more}))
"""
SMALL = "vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=1"
LLAMA = f"LlamaConfig({SMALL}, num_attention_heads=2, tie_word_embeddings={{}})"
GEMMA = f"{SMALL}, num_attention_heads=2, num_key_value_heads=1, head_dim=8"
TIED = {
    "gpt2": (
        "GPT2Config(vocab_size=64, n_embd=16, n_layer=1, n_head=2)",
        "GPT2LMHeadModel",
        ("c_attn", "lm_head", "wte"),
    ),
    "gpt_neo": (
        "GPTNeoConfig(vocab_size=64, hidden_size=16, num_layers=1, num_heads=2, "
        "attention_types=[[['global'], 1]])",
        "GPTNeoForCausalLM",
        ("q_proj", "lm_head", "wte"),
    ),
    "opt": (
        "OPTConfig(vocab_size=64, hidden_size=16, word_embed_proj_dim=16, ffn_dim=32, "
        "num_hidden_layers=1, num_attention_heads=2)",
        "OPTForCausalLM",
        ("q_proj", "lm_head", "embed_tokens"),
    ),
    "bloom": (
        "BloomConfig(vocab_size=64, hidden_size=16, n_layer=1, n_head=2)",
        "BloomForCausalLM",
        ("query_key_value", "lm_head", "word_embeddings"),
    ),
    "gemma": (f"GemmaConfig({GEMMA})", "GemmaForCausalLM", ("q_proj", "lm_head", "embed_tokens")),
    "gemma2": (
        f"Gemma2Config({GEMMA})",
        "Gemma2ForCausalLM",
        ("q_proj", "lm_head", "embed_tokens"),
    ),
    "llama": (LLAMA.format(True), "LlamaForCausalLM", ("q_proj", "lm_head", "embed_tokens")),
}
SAME = 1e-4


def proof(example, use_instead):
    """The merged model answers otherwise, as if with another adapter; then it answers alike."""
    for code, tied in ((example, True), (use_instead, False)):
        lines = code.splitlines()
        merge = next(n for n, line in enumerate(lines) if "merge_and_unload" in line)
        script = "\n".join(line for line in lines[:merge] if not line.startswith("Trainer"))
        effect, difference = run(script, merged).value()
        assert (difference > effect / 2) is tied
        assert (difference < SAME) is not tied


def merged(names):
    """Return how much a trained adapter changes, and how much merging it changes."""
    import torch

    model = names["model"].eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name or "lora_embedding" in name:
                parameter.normal_(0, 0.5)
        batch = {"input_ids": torch.arange(8)[None]}
        with model.disable_adapter():
            base = model(**batch).logits
        before = model(**batch).logits
        after = model.merge_and_unload()(**batch).logits
    return float((before - base).abs().mean()), float((before - after).abs().mean())


def difference(family, targets, more=""):
    config, model, _ = TIED[family] if family in TIED else (LLAMA.format(False), *TIED["llama"][1:])
    code = CODE.format(config=config, model=model, targets=targets, more=more)
    return run(code, merged).value()[1]


@pytest.mark.parametrize("family", TIED)
def test_each_family(family):
    attention, output, embedding = TIED[family][2]
    assert difference(family, [attention, output]) > 0.05
    assert difference(family, [attention, embedding]) > 0.05
    assert difference(family, [attention]) < SAME


def test_weights_that_are_apart():
    assert difference("apart", ["q_proj", "lm_head", "embed_tokens"]) < SAME


@pytest.mark.parametrize("more", ["", ", ensure_weight_tying=True"])
def test_asking_for_the_tie_helps_no_target(more):
    assert difference("llama", ["q_proj", "lm_head"], more) > 0.05
    assert difference("llama", ["q_proj", "embed_tokens"], more) > 0.05


@pytest.mark.parametrize(
    "more",
    [
        ", modules_to_save=['lm_head']",
        ", exclude_modules=['lm_head']",
    ],
)
def test_a_name_that_is_no_target(more):
    assert difference("llama", ["q_proj", "lm_head"], more) < SAME


def test_layers_by_number_leave_out_what_is_in_none():
    targets = ["q_proj", "embed_tokens"]
    assert difference("llama", targets, ", layers_to_transform=[0]") < SAME
