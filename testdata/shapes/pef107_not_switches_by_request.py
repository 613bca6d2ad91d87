"""A server that merges for speed, and takes the adapter out before it puts one on again."""

import threading

from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "mistralai/Mistral-7B-v0.1"


class Server:
    def __init__(self, adapter):
        self.lock = threading.Lock()
        self.tokenizer = AutoTokenizer.from_pretrained(BASE)
        self.base = AutoModelForCausalLM.from_pretrained(BASE)
        self.adapter = adapter
        self.model = PeftModel.from_pretrained(self.base, adapter)
        self.model.merge_adapter()

    def renew(self):
        with self.lock:
            self.model.unmerge_adapter()
            self.base = self.model.unload()
            self.model = PeftModel.from_pretrained(self.base, self.adapter)
            self.model.merge_adapter()

    def export(self, folder):
        fresh = AutoModelForCausalLM.from_pretrained(BASE)
        merged = PeftModel.from_pretrained(fresh, self.adapter).merge_and_unload()
        merged.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def answer(self, text):
        inputs = self.tokenizer(text, return_tensors="pt")
        with self.lock:
            output = self.model.generate(**inputs, max_new_tokens=40, do_sample=False)
        return self.tokenizer.decode(output[0], skip_special_tokens=True)


def main():
    server = Server("adapters/summaries")
    print(server.answer("Summarise: the cat sat on the mat."))
    server.renew()
    server.export("exported")
    print(server.answer("Summarise: the dog sat on the cat."))


if __name__ == "__main__":
    main()
