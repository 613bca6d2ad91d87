"""A small server that constructs the Auto class instead of loading with it."""

import torch
from flask import Flask, jsonify, request
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer

ADAPTER = "adapters/support-bot"
app = Flask(__name__)


class Bot:
    def __init__(self, adapter, device="cuda"):
        self.device = device
        self.tokenizer = AutoTokenizer.from_pretrained(adapter)
        self.model = AutoPeftModelForCausalLM(  # expect: PEF109 error
            adapter, torch_dtype=torch.bfloat16
        )
        self.model.to(device)
        self.model.eval()

    @torch.inference_mode()
    def answer(self, question):
        messages = [{"role": "user", "content": question}]
        ids = self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt"
        ).to(self.device)
        output = self.model.generate(input_ids=ids, max_new_tokens=256, do_sample=False)
        return self.tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)


bot = Bot(ADAPTER)


@app.post("/ask")
def ask():
    return jsonify(answer=bot.answer(request.json["question"]))


if __name__ == "__main__":
    app.run()
