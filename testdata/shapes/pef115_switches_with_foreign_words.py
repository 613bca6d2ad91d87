"""Two adapters on one model, switched with the words of another library."""

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


class Assistant:
    """Answers in one of two tones."""

    def __init__(self, base, tones):
        self.tokenizer = AutoTokenizer.from_pretrained(base)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float16)
        first, *others = tones
        self.model = PeftModel.from_pretrained(model, f"tones/{first}", adapter_name=first)
        for tone in others:
            self.model.load_adapter(f"tones/{tone}", adapter_name=tone)
        self.model.eval()

    @torch.inference_mode()
    def answer(self, tone, question):
        self.model.set_active_adapters(tone)  # expect: PEF115 error
        inputs = self.tokenizer(question, return_tensors="pt")
        output = self.model.generate(**inputs, max_new_tokens=80, do_sample=False)
        return self.tokenizer.decode(output[0], skip_special_tokens=True)


def main():
    assistant = Assistant("TinyLlama/TinyLlama-1.1B-Chat-v1.0", ("formal", "friendly"))
    for tone in ("formal", "friendly"):
        print(tone, assistant.answer(tone, "Where is my parcel?"))


if __name__ == "__main__":
    main()
