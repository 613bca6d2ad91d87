"""Adapters for checkpoints that are published quantised, and a probe on a frozen encoder."""

import torch
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModel, AutoModelForCausalLM, Trainer, TrainingArguments

CHECKPOINTS = {
    "gptq": "Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4",
    "awq": "Qwen/Qwen2.5-7B-Instruct-AWQ",
    "local": "checkpoints/llama-bnb",
}


def adapted(kind):
    model = AutoModelForCausalLM.from_pretrained(
        CHECKPOINTS[kind], device_map="auto", torch_dtype=torch.float16
    )
    model = prepare_model_for_kbit_training(model)
    return get_peft_model(model, LoraConfig(r=8, target_modules=["q_proj", "v_proj"]))


def adapted_by_id(name="Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8"):
    model = AutoModelForCausalLM.from_pretrained(name, torch_dtype=torch.float16)
    model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=True)
    return get_peft_model(model, LoraConfig(r=8, target_modules=["q_proj", "v_proj"]))


class Probe(torch.nn.Module):
    """A linear probe: the encoder is frozen on purpose, and the head is new."""

    def __init__(self, labels):
        super().__init__()
        encoder = AutoModel.from_pretrained("google-bert/bert-base-uncased")
        self.encoder = prepare_model_for_kbit_training(encoder, use_gradient_checkpointing=False)
        self.head = torch.nn.Linear(768, labels)

    def forward(self, input_ids, attention_mask=None):
        states = self.encoder(input_ids, attention_mask=attention_mask).last_hidden_state
        return self.head(states[:, 0])


def train_probe(loader, labels):
    probe = Probe(labels)
    optimizer = torch.optim.AdamW(probe.parameters(), lr=1e-3)
    for input_ids, mask, target in loader:
        loss = torch.nn.functional.cross_entropy(probe(input_ids, mask), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return probe


def train_adapters(rows):
    for kind in CHECKPOINTS:
        arguments = TrainingArguments(f"adapter-{kind}", max_steps=100, report_to="none")
        trainer = Trainer(model=adapted(kind), args=arguments, train_dataset=rows)
        trainer.train()
        trainer.save_model()


if __name__ == "__main__":
    train_adapters(torch.load("rows.pt"))
    train_probe(torch.load("batches.pt"), labels=4)
