"""A chat demo that was written for fp16, and got quantisation later."""

import argparse

import gradio as gr
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig, GenerationConfig


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="meta-llama/Llama-2-7b-hf")
    parser.add_argument("--adapter", default="team/alpaca-lora")
    parser.add_argument("--share", action="store_true")
    return parser.parse_args()


def load(args):
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    quantisation = BitsAndBytesConfig(load_in_8bit=True, llm_int8_threshold=6.0)
    model = AutoModelForCausalLM.from_pretrained(
        args.base, quantization_config=quantisation, device_map="auto"
    )
    model = model.half()  # expect: PEF422 error
    model.config.pad_token_id = tokenizer.pad_token_id = 0
    model = PeftModel.from_pretrained(model, args.adapter)
    model.eval()
    return model, tokenizer


def main():
    args = parse_args()
    model, tokenizer = load(args)

    def answer(instruction, temperature=0.1, beams=4):
        inputs = tokenizer(f"### Instruction:\n{instruction}\n### Response:\n", return_tensors="pt")
        config = GenerationConfig(temperature=temperature, num_beams=beams, do_sample=False)
        with torch.no_grad():
            tokens = model.generate(**inputs.to("cuda"), generation_config=config)
        return tokenizer.decode(tokens[0]).split("### Response:")[1].strip()

    gr.Interface(fn=answer, inputs=["text"], outputs="text").launch(share=args.share)


if __name__ == "__main__":
    main()
