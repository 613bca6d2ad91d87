"""Draw one prompt in every style of a folder, with weights fused for speed."""

import argparse
from pathlib import Path

import torch
from diffusers import EulerAncestralDiscreteScheduler, StableDiffusionXLPipeline


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="stabilityai/stable-diffusion-xl-base-1.0")
    parser.add_argument("--styles", type=Path, default=Path("styles"))
    parser.add_argument("--output", type=Path, default=Path("sheet"))
    parser.add_argument("--prompt", default="a lighthouse in a storm")
    parser.add_argument("--steps", type=int, default=25)
    return parser.parse_args()


def load(name):
    pipe = StableDiffusionXLPipeline.from_pretrained(name, torch_dtype=torch.float16)
    pipe.scheduler = EulerAncestralDiscreteScheduler.from_config(pipe.scheduler.config)
    return pipe.to("cuda")


def draw(pipe, prompt, steps, seed=0):
    generator = torch.Generator("cuda").manual_seed(seed)
    return pipe(prompt, num_inference_steps=steps, generator=generator).images[0]


def main():
    args = parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    pipe = load(args.model)
    draw(pipe, args.prompt, args.steps).save(args.output / "plain.png")
    for style in sorted(args.styles.glob("*.safetensors")):
        pipe.load_lora_weights(str(style))
        pipe.fuse_lora(lora_scale=0.9)
        image = draw(pipe, f"{args.prompt}, {style.stem} style", args.steps)
        image.save(args.output / f"{style.stem}.png")
        pipe.unload_lora_weights()  # expect: PEF509 error


if __name__ == "__main__":
    main()
