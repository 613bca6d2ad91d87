"""A server that loads its base in 8 bits to fit, and merges one adapter per tenant."""

import argparse

from flask import Flask, request
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

app = Flask(__name__)


class Tenant:
    def __init__(self, base_name, adapter):
        self.tokenizer = AutoTokenizer.from_pretrained(base_name)
        base = AutoModelForCausalLM.from_pretrained(
            base_name,
            quantization_config=BitsAndBytesConfig(load_in_8bit=True),
            device_map="auto",
        )
        model = PeftModel.from_pretrained(base, adapter)
        # One matrix product per layer instead of three.
        self.model = model.merge_and_unload()  # expect: PEF502 warning
        self.model.eval()

    def answer(self, text):
        batch = self.tokenizer(text, return_tensors="pt").to(self.model.device)
        tokens = self.model.generate(**batch, max_new_tokens=64, do_sample=False)
        return self.tokenizer.decode(tokens[0], skip_special_tokens=True)


tenants = {}


@app.post("/<tenant>/answer")
def answer(tenant):
    return {"answer": tenants[tenant].answer(request.json["text"])}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="meta-llama/Llama-2-7b-hf")
    parser.add_argument("--tenant", action="append", required=True, help="NAME=ADAPTER")
    args = parser.parse_args()
    for pair in args.tenant:
        name, _, adapter = pair.partition("=")
        tenants[name] = Tenant(args.base, adapter)
    app.run(port=8000)


if __name__ == "__main__":
    main()
