"""PEF509: what is fused into a pipeline stays there once its adapter is unloaded."""

import pytest

from tests.proofs.harness import run

pytestmark = pytest.mark.stack
STACK = "diffusers"
SETUP = """
from diffusers import DiffusionPipeline
pipe = DiffusionPipeline.from_pretrained("stable-diffusion")
pipe.load_lora_weights("my-style", adapter_name="style")
pipe.fuse_lora()
"""


def proof(example, use_instead):
    """The example leaves the adapter in the pipeline; the fixed text leaves nothing of it."""
    from_base, from_style, _ = distances(example)
    assert from_base > 0.01 and from_style < 1e-4
    from_base, from_style, _ = distances(use_instead)
    assert from_base < 1e-4 and from_style > 0.01


@pytest.mark.parametrize(
    "code",
    [
        "pipe.unload_lora_weights()",
        "pipe.unload_lora_weights(); pipe.unfuse_lora()",
        "pipe.delete_adapters('style'); pipe.unfuse_lora()",
        "pipe.disable_lora(); pipe.unload_lora_weights()",
    ],
)
def test_fused_weights_stay(code):
    from_base, from_style, _ = distances(SETUP + code)
    assert from_base > 0.01 and from_style < 1e-4


@pytest.mark.parametrize("unload", ["pipe.unload_lora_weights()", "pipe.delete_adapters('style')"])
def test_the_next_adapter_comes_on_top(unload):
    _, from_style, from_other = distances(
        f"{SETUP}{unload}\npipe.load_lora_weights('my-other-style')"
    )
    assert from_style > 0.01 and from_other > 0.01


@pytest.mark.parametrize(
    "code",
    [
        "pipe.unfuse_lora(); pipe.unload_lora_weights(); pipe.load_lora_weights('my-other-style')",
        "pipe.unfuse_lora(); pipe.delete_adapters('style'); pipe.load_lora_weights('my-other-style')",
        "pipe.load_lora_weights('my-other-style', adapter_name='b'); pipe.set_adapters('b')",
    ],
)
def test_look_alikes_are_as_with_the_next_adapter_alone(code):
    assert distances(SETUP + code)[2] < 1e-4


def test_unfusing_twice_is_harmless():
    code = "pipe.unfuse_lora(); pipe.unload_lora_weights(); pipe.unfuse_lora()"
    assert distances(SETUP + code)[0] < 1e-4


def distances(code):
    """Return how far the pipeline is from the base, and from the two adapters on it."""
    return run(code, measured, prepare=build, stack=STACK).value()


def measured(names):
    import torch
    from diffusers import DiffusionPipeline

    def output(pipe):
        generator = torch.Generator().manual_seed(3)
        latents = torch.randn(1, 4, 8, 8, generator=generator)
        text = torch.randn(1, 5, 8, generator=generator)
        with torch.no_grad():
            return pipe.unet(latents, 10, text).sample

    found = []
    for style in (None, "my-style", "my-other-style"):
        pipe = DiffusionPipeline.from_pretrained("stable-diffusion")
        if style:
            pipe.load_lora_weights(style)
        found.append(float((output(pipe) - output(names["pipe"])).abs().max()))
    return found


def build(names):
    """Write a tiny pipeline and two adapters for it."""
    import json
    from pathlib import Path

    import diffusers
    import torch
    from peft import LoraConfig, get_peft_model_state_dict
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    sizes = {"block_out_channels": (4, 8), "norm_num_groups": 2}
    unet = diffusers.UNet2DConditionModel(
        layers_per_block=1,
        sample_size=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=8,
        attention_head_dim=2,
        **sizes,
    )
    vae = diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        **sizes,
    )
    layers = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1}
    ids = {"bos_token_id": 0, "eos_token_id": 1}
    text = CLIPTextConfig(vocab_size=8, num_attention_heads=2, **layers, **ids)
    vocabulary = {"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2, "c": 3, "a": 4, "t</w>": 5}
    Path("vocab.json").write_text(json.dumps(vocabulary))
    Path("merges.txt").write_text("#version: 0.2\n")
    pipe = diffusers.StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=CLIPTokenizer("vocab.json", "merges.txt", model_max_length=77),
        unet=unet,
        scheduler=diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained("stable-diffusion")
    for name in ("my-style", "my-other-style"):
        model = diffusers.UNet2DConditionModel.from_pretrained("stable-diffusion", subfolder="unet")
        model.add_adapter(LoraConfig(r=4, target_modules=["to_q", "to_v"]))
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                if "lora_" in key:
                    parameter.normal_()
        weights = get_peft_model_state_dict(model)
        pipe.save_lora_weights(name, unet_lora_layers=weights)
