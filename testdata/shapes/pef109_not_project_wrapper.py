"""A class of the project takes a path, and does with it what PEFT's own class does not."""

import torch
from peft import PeftModel, set_peft_model_state_dict
from peft.config import PeftConfig
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer


class Adapted(PeftModel):
    """A PeftModel that is made from a folder, with its weights."""

    def __init__(self, base, folder):
        super().__init__(base, PeftConfig.from_pretrained(folder))
        weights = load_file(f"{folder}/adapter_model.safetensors")
        set_peft_model_state_dict(self, weights)
        self.eval()


class Loaded(torch.nn.Module):
    def __init__(self, base_id, adapter):
        super().__init__()
        base = AutoModelForCausalLM.from_pretrained(base_id)
        self.model = PeftModel.from_pretrained(base, adapter)

    def forward(self, **batch):
        return self.model(**batch).logits


def main():
    tokenizer = AutoTokenizer.from_pretrained("gpt2")
    base = AutoModelForCausalLM.from_pretrained("gpt2")
    model = Adapted(base, "adapters/one")
    other = Loaded("gpt2", "adapters/two").eval()
    inputs = tokenizer("Once upon a time", return_tensors="pt")
    with torch.no_grad():
        print(model(**inputs).logits.argmax(-1))
        print(other(**inputs).argmax(-1))


if __name__ == "__main__":
    main()
