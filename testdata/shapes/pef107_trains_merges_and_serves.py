"""Train, save, merge for evaluation; the server then loads the adapter onto what is left."""

import torch
from datasets import load_dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

BASE = "Qwen/Qwen2.5-0.5B"
FOLDER = "runs/answers"


class Project:
    def __init__(self):
        self.tokenizer = AutoTokenizer.from_pretrained(BASE)
        self.model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16)

    def rows(self):
        rows = load_dataset("json", data_files="answers.jsonl", split="train")
        return rows.map(lambda row: self.tokenizer(row["text"], truncation=True))

    def fit(self):
        config = LoraConfig(r=8, lora_alpha=16, task_type="CAUSAL_LM")
        tuned = get_peft_model(self.model, config)
        arguments = TrainingArguments(FOLDER, num_train_epochs=1, report_to=[])
        Trainer(model=tuned, args=arguments, train_dataset=self.rows()).train()
        tuned.save_pretrained(FOLDER)
        self.model = tuned.merge_and_unload()

    @torch.inference_mode()
    def score(self, prompts):
        self.model.eval()
        losses = []
        for prompt in prompts:
            inputs = self.tokenizer(prompt, return_tensors="pt")
            losses.append(self.model(**inputs, labels=inputs["input_ids"]).loss.item())
        return sum(losses) / len(losses)

    def serve(self):
        self.model = PeftModel.from_pretrained(self.model, FOLDER)  # expect: PEF107 error
        self.model.eval()
        return self.model


def main():
    project = Project()
    project.fit()
    print(project.score(["What is a fork?", "What is a spoon?"]))
    project.serve()


if __name__ == "__main__":
    main()
