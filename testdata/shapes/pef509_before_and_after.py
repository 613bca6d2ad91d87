"""Compare pictures with and without an adapter; the pipeline is cleaned up in the wrong order."""

import sys
from dataclasses import dataclass, field

import torch
from diffusers import DiffusionPipeline


@dataclass
class Job:
    prompt: str
    lora: str
    scale: float = 1.0
    seeds: list = field(default_factory=lambda: [0, 1, 2])


class Comparison:
    def __init__(self, checkpoint="runwayml/stable-diffusion-v1-5"):
        self.pipe = DiffusionPipeline.from_pretrained(checkpoint, torch_dtype=torch.float16)
        self.pipe.enable_model_cpu_offload()

    def images(self, job):
        for seed in job.seeds:
            generator = torch.Generator().manual_seed(seed)
            yield self.pipe(job.prompt, generator=generator).images[0]

    def reset(self):
        self.pipe.unload_lora_weights()  # expect: PEF509 error
        self.pipe.unfuse_lora()
        torch.cuda.empty_cache()

    def run(self, job, folder):
        self.pipe.load_lora_weights(job.lora)
        self.pipe.fuse_lora(lora_scale=job.scale)
        for number, image in enumerate(self.images(job)):
            image.save(f"{folder}/with-{number}.png")
        self.reset()
        for number, image in enumerate(self.images(job)):
            image.save(f"{folder}/without-{number}.png")


if __name__ == "__main__":
    Comparison().run(Job("a castle", "adapters/watercolour"), sys.argv[1])
