"""The stages of a curriculum are merged one on the other; each stage is looked at."""

import json
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "Qwen/Qwen2.5-0.5B"
STAGES = ["stages/1-language", "stages/2-tasks", "stages/3-style", "stages/4-safety"]


@torch.no_grad()
def sample(model, tokenizer, prompts):
    answers = []
    for prompt in prompts:
        inputs = tokenizer(prompt, return_tensors="pt")
        output = model.generate(**inputs, max_new_tokens=30, do_sample=False)
        answers.append(tokenizer.decode(output[0], skip_special_tokens=True))
    return answers


def main():
    prompts = json.loads(Path("prompts.json").read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = AutoModelForCausalLM.from_pretrained(BASE)
    report = {"base": sample(model, tokenizer, prompts)}
    for stage in STAGES:
        tuned = PeftModel.from_pretrained(model, stage)
        model = tuned.merge_and_unload()
        model.eval()
        report[stage] = sample(model, tokenizer, prompts)
    model.save_pretrained("curriculum")
    tokenizer.save_pretrained("curriculum")
    Path("report.json").write_text(json.dumps(report, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
