"""Look-alike: every style is taken out of the weights before it is unloaded; one mix is kept."""

import contextlib
import sys
from pathlib import Path

import torch
from diffusers import AutoPipelineForText2Image

CHECKPOINT = "stabilityai/stable-diffusion-2-1"
MIX = (("adapters/light", 0.6), ("adapters/film", 0.3))


@contextlib.contextmanager
def style(pipe, path, scale=1.0):
    pipe.load_lora_weights(path)
    pipe.fuse_lora(lora_scale=scale)
    try:
        yield pipe
    finally:
        pipe.unfuse_lora()
        pipe.unload_lora_weights()


def sheet(pipe, prompts, folder):
    for path in sorted(Path("styles").iterdir()):
        with style(pipe, str(path)) as styled:
            for number, prompt in enumerate(prompts):
                styled(prompt).images[0].save(f"{folder}/{path.stem}-{number}.png")


def mixed(folder):
    pipe = AutoPipelineForText2Image.from_pretrained(CHECKPOINT)
    for path, scale in MIX:
        pipe.load_lora_weights(path)
        pipe.fuse_lora(lora_scale=scale)
        pipe.unload_lora_weights()
    pipe.save_pretrained(folder)


def main(folder):
    pipe = AutoPipelineForText2Image.from_pretrained(CHECKPOINT, torch_dtype=torch.float16)
    pipe.to("cuda")
    sheet(pipe, ["a garden", "a street at night"], folder)
    mixed(f"{folder}/mixed")


if __name__ == "__main__":
    main(sys.argv[1])
