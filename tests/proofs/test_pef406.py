"""PEF406: fp16 AMP's scaler refuses gradients that are float16: which weights have such."""

from typing import Any

import pytest

from peft_lint.rules import half_weights
from tests.proofs.harness import run

REFUSED = "Attempting to unscale FP16 gradients"
CORE = """
import torch
from peft import *
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
labels = [5, 6, 7]
HALF = dict(dtype=torch.float16)
"""
IMPORTS = f"""
{CORE}
import datasets
from accelerate import Accelerator
from transformers import BitsAndBytesConfig, Trainer, TrainingArguments
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer, SFTConfig, SFTTrainer
BITS = BitsAndBytesConfig(load_in_4bit=True)
"""
LLAMA = 'model = AutoModelForCausalLM.from_pretrained("base-model", **HALF)\n'
FULL = 'model = AutoModelForCausalLM.from_pretrained("base-model")\n'
GPT2 = 'model = AutoModelForCausalLM.from_pretrained("gpt2", **HALF)\n'
CLASSIFIER = """
model = AutoModelForSequenceClassification.from_pretrained("base-model", num_labels=2, **HALF)
labels = 1
"""
WRAP = "model = get_peft_model(model, LoraConfig(task_type='CAUSAL_LM'{}){})\n"
HEAD = WRAP.format(", modules_to_save=['lm_head']", "")
CAST = "cast_mixed_precision_params(model, torch.float16)\n"
BY_HAND = """
for parameter in model.parameters():
    if parameter.requires_grad:
        parameter.data = parameter.data.float()
"""
FLOAT16 = {
    "a head by task type": CLASSIFIER + WRAP.replace("CAUSAL_LM", "SEQ_CLS").format("", ""),
    "modules_to_save": LLAMA + HEAD,
    "embeddings": LLAMA + WRAP.format(", modules_to_save=['embed_tokens']", ""),
    "a cast base": FULL + "model.half()\n" + HEAD,
    "biases": GPT2 + WRAP.format(", bias='lora_only'", ""),
    "all biases": GPT2 + WRAP.format(", bias='all'", ""),
    "no cast by PEFT": LLAMA + WRAP.format("", ", autocast_adapter_dtype=False"),
    "half": FULL + WRAP.format("", "") + "model.half()\n",
    "to": FULL + WRAP.format("", "") + "model.to(dtype=torch.float16)\n",
    "a quantised base": FULL.replace(")", ", quantization_config=BITS)")
    + WRAP.format("", "")
    + "model.half()\n",
    "the model's own add_adapter": LLAMA + "model.add_adapter(LoraConfig())\n",
    "inject_adapter_in_model": LLAMA
    + "inject_adapter_in_model(LoraConfig(target_modules=['q_proj']), model)\n",
}
FLOAT32 = {
    "LoRA": LLAMA + WRAP.format("", ""),
    "DoRA": LLAMA + WRAP.format(", use_dora=True", ""),
    "tokens": LLAMA + WRAP.format(", trainable_token_indices=[5]", ""),
    "no biases": LLAMA + WRAP.format(", bias='all'", ""),
    "a name of no module": LLAMA + WRAP.format(", modules_to_save=['score']", ""),
    "a loaded adapter": LLAMA + "model = PeftModel.from_pretrained(model, 'my-adapter', "
    "is_trainable=True)\n",
    "prompts": LLAMA
    + "model = get_peft_model(model, PromptTuningConfig('CAUSAL_LM', num_virtual_tokens=2))\n",
    "cast by PEFT": LLAMA + HEAD + CAST,
    "cast by hand": LLAMA + HEAD + BY_HAND,
    "cast after half": FULL + WRAP.format("", "") + "model.half()\n" + CAST,
    "cast after add_adapter": LLAMA + "model.add_adapter(LoraConfig())\n" + CAST,
    "the head of a float32 base": FULL + HEAD,
    "the head cast before": LLAMA + "model.lm_head.to(torch.float32)\n" + HEAD,
    "prepared": LLAMA + "model = prepare_model_for_kbit_training(model)\n" + HEAD,
    "bfloat16": LLAMA.replace("**HALF", "dtype=torch.bfloat16") + WRAP.format("", ""),
}
LOOP = """
model.train()
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.1{fused})
scaler = torch.amp.GradScaler("cpu"{scaler})
for _ in range(2):
    with torch.autocast("cpu", dtype=torch.float16):
        output = model(input_ids=torch.tensor([[5, 6, 7]]), labels=torch.tensor([labels]))
    scaler.scale(output.loss).backward()
    scaler.step(optimizer)
    scaler.update()
"""
OWN = LOOP.format(fused="", scaler="")
ACCELERATE = """
model.train()
accelerator = Accelerator(mixed_precision="fp16")
optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
model, optimizer = accelerator.prepare(model, optimizer)
output = model(input_ids=torch.tensor([[5, 6, 7]]), labels=torch.tensor([labels]))
accelerator.backward(output.loss)
optimizer.step()
"""
SETTINGS = 'output_dir="out", max_steps=2, fp16=True, report_to=[], save_strategy="no"'
TRAINER = f"""
rows = datasets.Dataset.from_dict({{"input_ids": [[5, 6, 7]] * 4, "labels": [labels] * 4}})
Trainer(model, TrainingArguments({SETTINGS}), train_dataset=rows).train()
"""
TOKENIZER = """
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("base-model")
pairs = datasets.Dataset.from_dict(
    {"prompt": ["one"] * 4, "chosen": ["one two"] * 4, "rejected": ["one three"] * 4})
texts = datasets.Dataset.from_dict({"text": ["one two three"] * 4})
"""
TRL = {
    "SFTTrainer": f"""
{LLAMA}
SFTTrainer(model, args=SFTConfig({SETTINGS}), train_dataset=texts, processing_class=tokenizer,
    peft_config=CONFIG).train()
""",
    "DPOTrainer": f"""
{LLAMA}
DPOTrainer(model, args=DPOConfig({SETTINGS}), train_dataset=pairs, processing_class=tokenizer,
    peft_config=CONFIG).train()
""",
}


def proof(example, use_instead):
    """The scaler refuses the first step; with the cast the loop trains."""
    assert REFUSED in run(example).exception
    assert run(use_instead, dtypes).value() == ["torch.float32"]


@pytest.mark.parametrize("setup", FLOAT16.values(), ids=FLOAT16)
@pytest.mark.parametrize("end", [OWN, TRAINER, ACCELERATE], ids=["own", "trainer", "accelerate"])
def test_float16_gradients_are_refused(setup, end):
    assert REFUSED in run(IMPORTS + setup + end, prepare=scale_on_a_cpu).exception


@pytest.mark.stack
@pytest.mark.parametrize("case", [name for name in FLOAT16 if "quantised" not in name])
def test_so_they_are_with_peft_0_19(case):
    assert REFUSED in run(CORE + FLOAT16[case] + OWN, stack="peft-0.19").exception


@pytest.mark.parametrize("setup", FLOAT32.values(), ids=FLOAT32)
@pytest.mark.parametrize("end", [OWN, TRAINER], ids=["own", "trainer"])
def test_what_trains(setup, end):
    outcome = run(IMPORTS + setup + end, dtypes, prepare=scale_on_a_cpu)
    assert "torch.float16" not in outcome.value()


@pytest.mark.parametrize("trainer", TRL)
def test_trainers_of_trl_leave_the_dtype_alone(trainer):
    code = IMPORTS + TOKENIZER + TRL[trainer]
    head = code.replace("CONFIG", 'LoraConfig(task_type="CAUSAL_LM", modules_to_save=["lm_head"])')
    adapter = code.replace("CONFIG", 'LoraConfig(task_type="CAUSAL_LM")')
    assert REFUSED in run(head, prepare=scale_on_a_cpu).exception
    assert not run(adapter, prepare=scale_on_a_cpu).exception


def test_a_reward_trainer_leaves_the_dtype_of_its_head_alone():
    train = f"""
RewardTrainer(model, args=RewardConfig({SETTINGS}), train_dataset=pairs,
    processing_class=tokenizer, peft_config=LoraConfig(task_type="SEQ_CLS")).train()
"""
    setup = IMPORTS + TOKENIZER + CLASSIFIER.replace("=2", "=1")
    assert REFUSED in run(setup + train, prepare=scale_on_a_cpu).exception


@pytest.mark.parametrize("end", [
    LOOP.format(fused=", fused=True", scaler=""),
    LOOP.format(fused="", scaler=", enabled=False"),
    TRAINER.replace("fp16=True", "fp16=False"),
], ids=["fused", "switched off", "no AMP"])  # fmt: skip
def test_no_gradient_is_unscaled_in_float16(end):
    outcome = run(IMPORTS + LLAMA + HEAD + end, dtypes, prepare=scale_on_a_cpu)
    assert "torch.float16" in outcome.value()


def test_without_a_gpu_accelerate_makes_no_scaler():
    assert not run(IMPORTS + LLAMA + HEAD + TRAINER).exception


LAYERS = """
import torch
from transformers import AutoConfig, AutoModel
from transformers.pytorch_utils import Conv1D
with torch.device("meta"):
    model = AutoModel.from_config(AutoConfig.for_model("{}"))
layers = [pair for pair in model.named_modules() if isinstance(pair[1], (torch.nn.Linear, Conv1D))]
"""
METHODS = {
    "LoraConfig": "",
    "AdaLoraConfig": "total_step=10",
    "LoHaConfig": "target_modules=['q_proj']",
    "LoKrConfig": "target_modules=['q_proj']",
    "OFTConfig": "target_modules=['q_proj'], oft_block_size=0, r=4",
    "BOFTConfig": "target_modules=['q_proj'], boft_block_size=4",
    "IA3Config": "",
    "VeraConfig": "target_modules=['q_proj']",
    "FourierFTConfig": "target_modules=['q_proj'], n_frequency=4",
    "HRAConfig": "target_modules=['q_proj']",
    "VBLoRAConfig": "target_modules=['q_proj'], vector_length=4, num_vectors=8",
    "RandLoraConfig": "target_modules=['q_proj']",
    "LNTuningConfig": "target_modules=['norm']",
}


def test_all_methods_are_looked_at():
    assert set(METHODS) == half_weights.CONFIGS


@pytest.mark.parametrize("method", METHODS)
def test_a_copied_head_is_float16_with_every_method(method):
    config = f"{method}(task_type='SEQ_CLS', {METHODS[method]})"
    wrap = CLASSIFIER + "model = get_peft_model(model, {})\n"
    both = f"{config}, autocast_adapter_dtype=False"
    assert run(IMPORTS + wrap.format(config), dtypes).value()[0] == "torch.float16"
    assert run(IMPORTS + wrap.format(both), dtypes).value() == ["torch.float16"]


@pytest.mark.parametrize("family", sorted(half_weights.BIASED))
def test_these_families_have_biases_in_the_layers_that_adapters_target(family):
    assert run(LAYERS.format(family), without_bias).value() == []


def scale_on_a_cpu(names: dict[str, Any]) -> None:
    """Let accelerate make a CPU's scaler where it makes the scaler of a GPU, and use it alike."""
    import torch
    from accelerate import Accelerator

    make = Accelerator.__init__

    def make_with_scaler(self: Any, *args: Any, **keywords: Any) -> None:
        make(self, *args, **keywords)
        if self.mixed_precision == "fp16":
            self.native_amp, self.scaler = True, torch.amp.GradScaler("cpu")

    Accelerator.__init__ = make_with_scaler


def dtypes(names: dict[str, Any]) -> list[str]:
    """Return the dtypes of what is trained."""
    parameters = names["model"].parameters()
    return sorted({str(one.dtype) for one in parameters if one.requires_grad})


def without_bias(names: dict[str, Any]) -> list[str]:
    """Return the names of linear layers that have no bias."""
    return [name for name, layer in names["layers"] if layer.bias is None]
