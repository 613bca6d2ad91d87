"""A project's own loader has PEFT's name, and gives the model back."""

import torch
from peft import LoraConfig, get_peft_model
from peft import set_peft_model_state_dict as fill
from transformers import AutoModelForCausalLM


def set_peft_model_state_dict(model, weights, adapter_name="default"):
    """Load the weights, complain about what does not fit, and return the model."""
    result = fill(model, weights, adapter_name=adapter_name)
    if result.unexpected_keys:
        raise ValueError(f"unexpected tensors: {result.unexpected_keys[:3]}")
    return model


class Student(torch.nn.Module):
    def __init__(self, encoder, classes):
        super().__init__()
        self.encoder = encoder
        self.head = torch.nn.Linear(encoder.config.hidden_size, classes)

    def load_state_dict(self, weights, strict=True, assign=False):
        super().load_state_dict(weights, strict=strict, assign=assign)
        return self

    def forward(self, **batch):
        hidden = self.encoder(**batch, output_hidden_states=True).hidden_states[-1]
        return self.head(hidden[:, -1])


def build(path, head_path):
    model = AutoModelForCausalLM.from_pretrained("gpt2")
    model = get_peft_model(model, LoraConfig(r=4, fan_in_fan_out=True, task_type="CAUSAL_LM"))
    model = set_peft_model_state_dict(model, torch.load(path))
    student = Student(model, classes=3)
    student = student.load_state_dict(torch.load(head_path), strict=False)
    return student.eval()


if __name__ == "__main__":
    build("adapter.pt", "head.pt")
