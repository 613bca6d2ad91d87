"""Look-alike: a distilled adapter is fused once when the service starts, users' come and go."""

import threading

import gradio as gr
import torch
from diffusers import LCMScheduler, StableDiffusionXLPipeline

CHECKPOINT = "stabilityai/stable-diffusion-xl-base-1.0"
STYLES = {"none": None, "pixel": "styles/pixel", "ink": "styles/ink"}
lock = threading.Lock()


def start():
    pipe = StableDiffusionXLPipeline.from_pretrained(CHECKPOINT, torch_dtype=torch.float16)
    pipe.scheduler = LCMScheduler.from_config(pipe.scheduler.config)
    pipe.load_lora_weights("latent-consistency/lcm-lora-sdxl")
    pipe.fuse_lora()
    # Its weights are part of the model from here on; the layers that held them can go.
    pipe.unload_lora_weights()
    pipe.to("cuda")
    pipe("warm up", num_inference_steps=1)
    return pipe


pipe = start()


def draw(prompt, style, seed):
    with lock:
        path = STYLES[style]
        if path:
            pipe.load_lora_weights(path)
        generator = torch.Generator("cuda").manual_seed(int(seed))
        image = pipe(prompt, num_inference_steps=4, guidance_scale=1.0, generator=generator)
        if path:
            pipe.unload_lora_weights()
    return image.images[0]


demo = gr.Interface(
    draw,
    inputs=[gr.Textbox(), gr.Dropdown(list(STYLES), value="none"), gr.Number(value=0)],
    outputs=gr.Image(),
)

if __name__ == "__main__":
    demo.launch()
