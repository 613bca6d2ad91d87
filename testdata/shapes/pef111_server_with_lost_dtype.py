"""A small class that answers questions with an adapter on a half precision base."""

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


class Assistant:
    def __init__(self, base_id, adapter_id):
        self.tokenizer = AutoTokenizer.from_pretrained(base_id)
        self.model = AutoModelForCausalLM.from_pretrained(base_id, torch_dtype=torch.float32)
        self.model = PeftModel.from_pretrained(
            self.model,
            adapter_id,
            torch_dtype=torch.float16,  # expect: PEF111 warning
            device_map={"": 0},
        )
        self.model.eval()

    @torch.inference_mode()
    def answer(self, question):
        text = f"### Question\n{question}\n\n### Answer\n"
        inputs = self.tokenizer(text, return_tensors="pt").to(self.model.device)
        tokens = self.model.generate(**inputs, max_new_tokens=200)
        return self.tokenizer.decode(tokens[0], skip_special_tokens=True)

    def publish(self, folder, repository):
        self.model.save_pretrained(folder, push_to_hub=True, repo_id=repository)  # expect: PEF111 error


assistant = Assistant("mistralai/Mistral-7B-v0.1", "outputs/mistral-lora")
for line in open("questions.txt"):
    print(assistant.answer(line.strip()))
assistant.publish("release", "team/mistral-lora")
