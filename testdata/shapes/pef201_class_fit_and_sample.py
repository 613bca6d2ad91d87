"""Training and sampling are two methods of one class; nobody calls eval() in between."""

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer


class StyleTuner:
    def __init__(self, base_name="Qwen/Qwen2.5-0.5B", device="cuda"):
        self.device = device
        self.tokenizer = AutoTokenizer.from_pretrained(base_name)
        base = AutoModelForCausalLM.from_pretrained(base_name, dtype=torch.bfloat16)
        self.model = get_peft_model(base, self._config()).to(device)

    @staticmethod
    def _config():
        return LoraConfig(r=32, lora_alpha=64, lora_dropout=0.1, task_type="CAUSAL_LM")

    def collate(self, texts):
        batch = self.tokenizer(texts, return_tensors="pt", padding=True, truncation=True)
        batch["labels"] = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
        return batch

    def fit(self, texts, epochs=2, lr=1e-4):
        loader = DataLoader(texts, batch_size=4, shuffle=True, collate_fn=self.collate)
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(parameters, lr=lr)
        self.model.train()
        for _ in range(epochs):
            for batch in loader:
                loss = self.model(**batch.to(self.device)).loss
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()

    @torch.no_grad()
    def sample(self, prompt, max_new_tokens=80):
        inputs = self.tokenizer(prompt, return_tensors="pt").to(self.device)
        output = self.model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)  # expect: PEF201 warning
        return self.tokenizer.decode(output[0], skip_special_tokens=True)


def main():
    with open("letters.txt") as stream:
        letters = [letter.strip() for letter in stream.read().split("\n\n") if letter.strip()]
    tuner = StyleTuner()
    tuner.fit(letters)
    tuner.model.save_pretrained("letters-lora")
    print(tuner.sample("Dear Theo,"))


if __name__ == "__main__":
    main()
