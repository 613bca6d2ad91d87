"""PEF412: an adapter inside a wrapper is saved under the wrapper's names, and not kept in step."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

SETUP = """
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM
from tests.proofs.harness.checkpoints import make_trained
def build():
    return AutoModelForCausalLM.from_pretrained("base-model")
"""
# Two processes learn from different rows, and write what they have learned.
DRIFT = """
import os, torch
from peft import LoraConfig, get_peft_model
from torch.nn.parallel import DistributedDataParallel as DDP
from transformers import AutoModelForCausalLM

def learn(rank):
    group = "file://" + os.path.abspath("group")
    torch.distributed.init_process_group("gloo", init_method=group, rank=rank, world_size=2)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained("base-model")
    {order}
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    tokens = torch.tensor([[5 + rank, 6, 7 - rank]])
    for _ in range(2):
        model(input_ids=tokens, labels=tokens).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    weights = {{name.rpartition("self_attn.")[2]: p for name, p in model.named_parameters() if "lora_B" in name}}
    torch.save(weights, f"{{rank}}.pt")
    # Who leaves first takes the shared file along that the other may still wait for.
    torch.distributed.barrier()

workers = [os.fork() for _ in range(1)]
learn(0 if workers[0] else 1)
if not workers[0]:
    os._exit(0)
os.waitpid(workers[0], 0)
one, other = torch.load("0.pt"), torch.load("1.pt")
assert one
apart = max(float((one[name] - other[name]).abs().max()) for name in one)
"""
# What a launcher tells each process; the accelerator joins the group that there is.
PREPARE = (
    "from accelerate import Accelerator; os.environ['ACCELERATE_USE_CPU'] = 'true'; "
    "os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2'); "
    "os.environ.update(LOCAL_WORLD_SIZE='2', MASTER_ADDR='localhost', MASTER_PORT='0'); "
    "accelerator = Accelerator(cpu=True); assert accelerator.num_processes == 2; "
    "model = accelerator.prepare(model)"
)
WRAP = "model = get_peft_model(model, LoraConfig(target_modules=['q_proj', 'v_proj']))"


def proof(example, use_instead):
    """What the example saves changes nothing where it is loaded; the fixed text's does."""
    assert run(trained(example), reloaded).value() == 0
    assert run(trained(use_instead), reloaded).value() > 0.01


def trained(text):
    """Give the adapter an effect without compiling anything."""
    first = "from tests.proofs.harness.checkpoints import make_trained\n"
    lines = ["make_trained(model)" if "Trainer(" in line else line for line in text.splitlines()]
    return first + "\n".join(lines)


def reloaded(names):
    """Return how far the saved adapter takes a plain base from what it was."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained("base-model")
    before = logits(base)
    return difference(logits(PeftModel.from_pretrained(base, "adapter").eval()), before)


def test_a_parallel_wrapper_leaves_its_prefix_too():
    code = (
        SETUP
        + "model = get_peft_model(torch.nn.DataParallel(build()), LoraConfig(target_modules=['q_proj', 'v_proj']))\n"
    )
    assert (
        run(code + "make_trained(model)\nmodel.save_pretrained('adapter')", reloaded).value() == 0
    )


def test_a_task_type_that_generates_raises_on_a_parallel_wrapper():
    code = (
        SETUP
        + "get_peft_model(torch.nn.DataParallel(build()), LoraConfig(task_type='CAUSAL_LM', target_modules=['q_proj']))"
    )
    assert "prepare_inputs_for_generation" in run(code).exception


def test_a_trained_adapter_is_not_loaded_into_a_compiled_base():
    code = SETUP + "model = PeftModel.from_pretrained(torch.compile(build()), 'my-adapter').eval()"
    assert run(code, inside).value() == 0
    code = SETUP + "model = PeftModel.from_pretrained(build(), 'my-adapter').eval()"
    assert run(code, inside).value() > 0.01


def inside(names):
    """Return how far the model is from its base, without running compiled code."""
    from transformers import AutoModelForCausalLM

    model = names["model"].base_model.model
    model = getattr(model, "_orig_mod", model)
    return difference(logits(model), logits(AutoModelForCausalLM.from_pretrained("base-model")))


@pytest.mark.parametrize(
    "order",
    [
        "model = get_peft_model(torch.compile(model)._orig_mod, LoraConfig(task_type='CAUSAL_LM'))",
        "model.compile(); model = get_peft_model(model, LoraConfig(task_type='CAUSAL_LM'))",
        "torch.compile(model); model = get_peft_model(model, LoraConfig(task_type='CAUSAL_LM'))",
        "model = get_peft_model(torch.nn.DataParallel(model).module, LoraConfig(target_modules=['q_proj', 'v_proj']))",
    ],
)
def test_look_alikes_are_loaded(order):
    code = (
        SETUP + f"model = build()\n{order}\nmake_trained(model)\nmodel.save_pretrained('adapter')"
    )
    assert run(code, reloaded).value() > 0.01


@pytest.mark.parametrize("parallel", ["model = DDP(model)", PREPARE])
def test_processes_drift_apart(parallel):
    assert run(DRIFT.format(order=f"{parallel}; {WRAP}"), apart).value() > 1e-4


@pytest.mark.parametrize("parallel", ["model = DDP(model)", PREPARE])
def test_in_the_right_order_they_do_not(parallel):
    assert run(DRIFT.format(order=f"{WRAP}; {parallel}"), apart).value() == 0


def apart(names):
    """Return how far the adapters of the two processes are from each other."""
    return names["apart"]


def test_one_process_has_no_wrapper():
    code = "from accelerate import Accelerator\n" + SETUP
    code += "model = get_peft_model(Accelerator(cpu=True).prepare(build()), LoraConfig(target_modules=['q_proj', 'v_proj']))\n"
    assert (
        run(code + "make_trained(model)\nmodel.save_pretrained('adapter')", reloaded).value() > 0.01
    )
