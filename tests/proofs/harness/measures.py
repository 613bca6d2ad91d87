"""What can be measured on a model that a script left behind: numbers, not opinions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def the_model(names: dict[str, Any]) -> Any:
    """Return what a script calls `model`, else the last model that it named."""
    models = [value for value in names.values() if isinstance(value, torch.nn.Module)]
    return names["model"] if names.get("model") in models else models[-1]


def inputs_for(model: Any) -> dict[str, torch.Tensor]:
    """Return one fixed batch of one example that the class of `model` understands."""
    config = model.config
    kind = config.model_type
    if kind == "vit":
        pixels = torch.linspace(-1, 1, 3 * config.image_size**2)
        return {"pixel_values": pixels.reshape(1, 3, config.image_size, config.image_size)}
    if kind == "wav2vec2":
        return {"input_values": torch.sin(torch.arange(400.0))[None]}
    tokens = torch.tensor([[11, 42, 7, 99, 23, 150, 64, 2]])
    if kind == "t5" and "Classification" not in type(bare(model)).__name__:
        return {"input_ids": tokens, "decoder_input_ids": tokens}
    return {"input_ids": tokens}


def bare(model: Any) -> Any:
    """Return the transformers model inside any wrapper."""
    if hasattr(model, "get_base_model"):
        return model.get_base_model()
    return model


def logits(model: Any) -> torch.Tensor:
    """Return the logits for `inputs_for(model)`, in whatever mode the model is."""
    with torch.no_grad():
        output = model(**inputs_for(model))
    return output.logits if hasattr(output, "logits") else output[0]


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest absolute difference."""
    return float((one - other).abs().max())


def spread(model: Any) -> float:
    """Return how far two forwards of the same input differ: 0 unless something is random."""
    return difference(logits(model), logits(model))


def distance_to_base(model: Any) -> float:
    """Return how far `model`, in eval mode, is from the checkpoint that it was built on."""
    plain = type(bare(model)).from_pretrained(bare(model).config.name_or_path)
    training = {module: module.training for module in model.modules()}
    model.eval()
    result = difference(logits(model), logits(plain))
    for module, mode in training.items():
        module.training = mode
    return result


def reload_distance(model: Any) -> float:
    """Save `model`, load it again as another process would, and return how far the two are."""
    import peft

    before = logits(model.eval())
    model.save_pretrained("saved-for-reload")
    torch.manual_seed(12345)
    plain = bare(model)
    labels = plain.config.num_labels
    again = type(plain).from_pretrained(plain.config.name_or_path, num_labels=labels)
    if isinstance(model, peft.PeftModel):
        again = peft.PeftModel.from_pretrained(again, "saved-for-reload")
    else:
        again.load_adapter("saved-for-reload")
    return difference(before, logits(again.eval()))


def largest(model: Any, word: str = "lora_B") -> float:
    """Return the largest absolute value among the parameters whose name contains `word`."""
    found = [p.detach().abs().max() for name, p in model.named_parameters() if word in name]
    return float(max(found))


def trainable(model: Any) -> list[str]:
    """Return the names of the parameters that would be trained."""
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def saved_keys(folder: str) -> list[str]:
    """Return the names of the tensors in the adapter saved in `folder`."""
    from safetensors import safe_open

    with safe_open(Path(folder) / "adapter_model.safetensors", "pt") as tensors:
        return sorted(tensors.keys())


def texts(value: Any, depth: int = 3) -> list[str]:
    """Return the strings and tensors in a namespace, list, tuple or dict as text, in order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, torch.Tensor):
        return [str(value.tolist())]
    if not depth or not isinstance(value, (dict, list, tuple)):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [text for item in inner for text in texts(item, depth - 1)]


def mode(model: Any, adapter: str | None = None) -> str:
    """Return the state as table A7 writes it: top flag, base modules, LoRA dropout.

    Each is T, F, "-" (there is none) or "?" (they differ among themselves). The dropout is that
    of `adapter`, by default of all adapters.
    """
    dropouts = [
        module
        for name, module in model.named_modules()
        if "lora_dropout" in (parts := name.split(".")) and parts[-1] in (adapter or parts[-1],)
        if not isinstance(module, torch.nn.ModuleDict)
    ]
    return letter([model]) + letter(base_modules(model)) + letter(dropouts)


def base_modules(model: Any) -> list[torch.nn.Module]:
    """Return the modules of the transformers model itself: no wrapper, no part of an adapter."""
    from peft.tuners.tuners_utils import BaseTunerLayer
    from peft.utils.other import AuxiliaryTrainingWrapper
    from transformers import PreTrainedModel

    inner = next(m for m in model.modules() if isinstance(m, PreTrainedModel))
    return [
        module
        for name, module in inner.named_modules()
        if not isinstance(module, (BaseTunerLayer, AuxiliaryTrainingWrapper))
        if not any(part.startswith(("lora_", "modules_to_save")) for part in name.split("."))
    ]


def letter(modules: list[Any]) -> str:
    """Return T, F, "-" or "?" for the training flags of `modules`."""
    flags = {module.training for module in modules}
    if len(flags) > 1:
        return "?"
    return {True: "T", False: "F", None: "-"}[next(iter(flags), None)]
