"""Look-alike: the compiled form answers, the model that it was made from is saved."""

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

CHECKPOINT = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"


def tune(rows):
    model = AutoModelForCausalLM.from_pretrained(CHECKPOINT, dtype=torch.bfloat16)
    model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=16))
    args = TrainingArguments("runs", torch_compile=True, report_to=[], max_steps=100)
    trainer = Trainer(model=model, args=args, train_dataset=rows)
    trainer.train()
    trainer.save_model("adapter")
    compiled = torch.compile(model)
    compiled.save_pretrained("adapter-again")
    return compiled


class Server:
    def __init__(self, adapter):
        base = AutoModelForCausalLM.from_pretrained(CHECKPOINT)
        self.model = PeftModel.from_pretrained(base, adapter).eval()
        self.fast = torch.compile(self.model, mode="reduce-overhead")
        self.tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)

    @torch.inference_mode()
    def answer(self, prompt):
        tokens = self.tokenizer(prompt, return_tensors="pt")
        return self.tokenizer.decode(self.fast.generate(**tokens, max_new_tokens=32)[0])

    def dump(self, path):
        weights = {n: p for n, p in self.model.named_parameters() if "lora_" in n}
        torch.save(weights, path)


if __name__ == "__main__":
    tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
    tune([dict(tokenizer(line)) for line in open("corpus.txt")])
    server = Server("adapter")
    print(server.answer("Hello"))
    server.dump("adapter.pt")
