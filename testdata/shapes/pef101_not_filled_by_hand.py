"""Every way in which people put weights into a fresh adapter."""
import accelerate
import deepspeed
import lightning
import safetensors.torch
import torch
from deepspeed.utils.zero_to_fp32 import load_state_dict_from_zero_checkpoint
from peft import PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM

PATH = "runs/a"


def skeleton():
    config = PeftConfig.from_pretrained(PATH)
    base = AutoModelForCausalLM.from_pretrained(config.base_model_name_or_path)
    return get_peft_model(base, config).eval()


def answer(model):
    with torch.no_grad():
        return model.generate(input_ids=torch.tensor([[1, 2]]), max_new_tokens=3)


def by_safetensors():
    model = skeleton()
    safetensors.torch.load_model(model, f"{PATH}/model.safetensors", strict=False)
    return answer(model)


def by_vector():
    model = skeleton()
    torch.nn.utils.vector_to_parameters(torch.load("vector.pt"), model.parameters())
    return answer(model)


def by_deepspeed():
    model = load_state_dict_from_zero_checkpoint(skeleton(), PATH)
    return answer(model)


def by_engine():
    engine, *_ = deepspeed.initialize(model=skeleton(), config="ds.json")
    engine.load_checkpoint(PATH)
    return answer(engine.module)


def by_fabric():
    fabric = lightning.Fabric()
    model = fabric.setup(skeleton())
    fabric.load(f"{PATH}/ckpt", {"model": model})
    return answer(model)


def by_data():
    model = skeleton()
    saved = torch.load("adapter.pt")
    for name, module in model.named_modules():
        if name in saved:
            module.weight.data = saved[name]
    return answer(model)


def by_getattr():
    model = skeleton()
    getattr(model, "load_adapter")(PATH, "default")
    return answer(model)


def in_model():
    model = skeleton()
    accelerate.load_checkpoint_in_model(model, PATH)
    return answer(model)


for one in (by_safetensors, by_vector, by_deepspeed, by_engine, by_fabric, by_data, by_getattr, in_model):
    print(one())
