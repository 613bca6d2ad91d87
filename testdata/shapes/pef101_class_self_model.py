"""A wrapper class that keeps the model in an attribute and answers through a method."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer


class Translator:
    """English to German with a fine-tuned T5 adapter."""

    prefix = "translate English to German: "

    def __init__(self, adapter_path, device="cpu"):
        self.device = torch.device(device)
        self.config = LoraConfig.from_pretrained(adapter_path)
        self.tokenizer = AutoTokenizer.from_pretrained("google/flan-t5-base")
        self.model = self._load_model().to(self.device)
        self.model.eval()

    def _load_model(self):
        base = AutoModelForSeq2SeqLM.from_pretrained("google/flan-t5-base")
        return get_peft_model(base, self.config)  # expect: PEF101 error

    @torch.no_grad()
    def translate(self, sentences, max_new_tokens=128):
        batch = self.tokenizer(
            [self.prefix + sentence for sentence in sentences],
            return_tensors="pt",
            padding=True,
        ).to(self.device)
        output = self.model.generate(**batch, max_new_tokens=max_new_tokens, num_beams=4)
        return self.tokenizer.batch_decode(output, skip_special_tokens=True)


if __name__ == "__main__":
    translator = Translator("outputs/flan-t5-wmt-lora")
    for text in translator.translate(["The weather is fine.", "Where is the station?"]):
        print(text)
