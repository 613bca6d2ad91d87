"""Every way in which people switch to eval mode."""
import operator

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer


def trained():
    model = get_peft_model(AutoModelForCausalLM.from_pretrained("gpt2"), LoraConfig(lora_dropout=0.1))
    Trainer(model=model, train_dataset=[]).train()
    return model


ids = torch.tensor([[1, 2]])

model = trained()
model.apply(lambda module: module.eval())
model.generate(ids)

model = trained()
for module in model.modules():
    module.eval()
model.generate(ids)

model = trained()
for module in model.modules():
    module.training = False
model.generate(ids)

model = trained()
getattr(model, "eval")()
model.generate(ids)

model = trained()
model.train(mode=False)
model.generate(ids)

model, other = trained(), trained()
for one in (model, other):
    one.eval()
model.generate(ids)
other.generate(ids)

models = {"a": trained(), "b": trained()}
for one in models.values():
    one.eval()
models["a"].generate(ids)

models = [trained(), trained()]
[one.eval() for one in models]
models[1].generate(ids)

models = [trained(), trained()]
list(map(lambda one: one.eval(), models))
models[0].generate(ids)

model = trained()
operator.methodcaller("eval")(model)
model.generate(ids)

model = trained()
torch.nn.Module.eval(model)
model.generate(ids)

model = trained()
model.base_model.model.eval()
model.generate(ids)

model = trained()
model.requires_grad_(False).eval()
model.generate(ids)

model = trained()
model = torch.compile(model)
model.eval()
model.generate(ids)

model = trained()
for child in model.children():
    child.eval()
model.generate(ids)
