"""Look-alike: sampling words without sampling.

The false alarm would be PEF202: temperature and top_p without do_sample are ignored, beams are
deterministic, top_k=1 leaves one choice, and the pipeline is told not to sample.
"""

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, pipeline

BASE = "bigscience/bloom-1b7"


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16)
    model = PeftModel.from_pretrained(base, "acme/bloom-1b7-news-lora")
    inputs = tokenizer("The minister said", return_tensors="pt")

    plain = model.generate(**inputs, temperature=0.7, top_p=0.9, max_new_tokens=30)
    beams = model.generate(**inputs, num_beams=5, num_return_sequences=3, max_new_tokens=30)
    only_one = model.generate(**inputs, do_sample=True, top_k=1, max_new_tokens=30)
    greedy = GenerationConfig(do_sample=False, max_new_tokens=30)
    configured = model.generate(**inputs, generation_config=greedy)
    assert torch.equal(plain, configured)
    for ids in (plain, beams, only_one):
        print(tokenizer.batch_decode(ids, skip_special_tokens=True))

    pipe = pipeline("text-generation", model=model, tokenizer=tokenizer)
    print(pipe("The minister said", do_sample=False, max_new_tokens=30))


if __name__ == "__main__":
    main()
