"""Look-alike: an exact start is saved as an adapter, the random one only as a merged model."""

import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

CHECKPOINT = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"


class Study:
    def __init__(self, init):
        self.init = init
        base = AutoModelForCausalLM.from_pretrained(CHECKPOINT)
        config = LoraConfig(r=16, task_type="CAUSAL_LM", init_lora_weights=init)
        self.model = get_peft_model(base, config)

    def step(self, tokens):
        optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-3)
        self.model.train()
        self.model(input_ids=tokens, labels=tokens).loss.backward()
        optimizer.step()

    def save(self, folder):
        self.model.save_pretrained(folder)

    def export(self, folder):
        self.model = self.model.merge_and_unload()
        self.model.save_pretrained(folder)


def main(folder):
    tokens = torch.randint(0, 32000, (1, 32))
    exact = Study("pissa")
    exact.step(tokens)
    exact.save(f"{folder}/exact")
    fast = Study("pissa_niter_4")
    fast.step(tokens)
    fast.export(f"{folder}/fast")
    base = AutoModelForCausalLM.from_pretrained(CHECKPOINT)
    print(PeftModel.from_pretrained(base, f"{folder}/exact"))


if __name__ == "__main__":
    main(sys.argv[1])
