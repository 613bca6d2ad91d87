"""Mix three adapters, and merge the result into the base for the serving team."""

from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "meta-llama/Llama-3.1-8B"
ADAPTERS = {"code": "adapters/code", "maths": "adapters/maths", "prose": "adapters/prose"}
WEIGHTS = [0.5, 0.3, 0.2]
OUTPUT = "merged/llama-mixed"


class Mixer:
    def __init__(self, base, adapters):
        self.names = list(adapters)
        self.model = AutoModelForCausalLM.from_pretrained(base, dtype="bfloat16")
        self.model = PeftModel.from_pretrained(
            self.model, adapters["code"], adapter_name="code"
        )
        self.model.load_adapter(adapters["maths"], adapter_name="maths")
        self.model.load_adapter(adapters["prose"], adapter_name="prose")

    def mix(self, weights):
        self.model.add_weighted_adapter(  # expect: PEF105 error
            adapters=["code", "maths", "prose"],
            weights=weights,
            adapter_name="mixed",
            combination_type="linear",
        )

    def export(self, folder):
        merged = self.model.merge_and_unload()
        merged.save_pretrained(folder, safe_serialization=True)
        AutoTokenizer.from_pretrained(BASE).save_pretrained(folder)


def main():
    mixer = Mixer(BASE, ADAPTERS)
    mixer.mix(WEIGHTS)
    mixer.export(OUTPUT)


if __name__ == "__main__":
    main()
