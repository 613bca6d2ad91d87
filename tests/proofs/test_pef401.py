"""PEF401: an adapter that is loaded frozen does not change in training, and nothing says so."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import largest, trainable
from tests.proofs.harness.training import LOOP, LOUD, SETUP, SFT, TRAIN, changed, watch


def proof(example, use_instead):
    """Training changes no tensor of the adapter that was saved; after the fix, every one."""
    assert run(example, moved).value() == 0
    assert run(use_instead, moved).value() == 8


@pytest.mark.parametrize(
    ("load", "tensors"),
    [
        ("PeftModel.from_pretrained(base, 'my-adapter')", 0),
        ("PeftModel.from_pretrained(base, 'my-adapter').train()", 0),
        ("AutoPeftModelForCausalLM.from_pretrained('my-adapter')", 0),
        ("base; base.load_adapter('my-adapter')", 0),
        ("get_peft_model(base, PeftConfig.from_pretrained('my-adapter'))", 0),
        (
            "base; LoraConfig(init_lora_weights=False).save_pretrained('settings')\n"
            "model = get_peft_model(base, LoraConfig.from_pretrained('settings'))",
            8,
        ),
        ("PeftModel.from_pretrained(base, 'my-adapter', is_trainable=True)", 8),
        ("AutoPeftModelForCausalLM.from_pretrained('my-adapter', is_trainable=True)", 8),
        ("base; base.load_adapter('my-adapter', is_trainable=True)", 8),
        ("PeftModel.from_pretrained(base, 'my-adapter'); model.set_adapter('default')", 8),
        ("PeftModel.from_pretrained(base, 'my-adapter'); model.enable_adapter_layers()", 8),
        ("PeftModel.from_pretrained(base, 'my-adapter')\nwith model.disable_adapter(): pass", 8),
    ],
)
@pytest.mark.parametrize("train", [SFT, TRAIN, LOOP], ids=["SFTTrainer", "Trainer", "own loop"])
def test_who_is_trained(load, tensors, train):
    assert run(f"{SETUP}model = {load}\n{train}", changed, prepare=watch).value() == tensors


def test_without_gradient_checkpointing_backward_raises():
    code = "model = PeftModel.from_pretrained(base, 'my-adapter')\n"
    outcome = run(SETUP + code + LOUD, changed, prepare=watch)
    assert "does not require grad" in outcome.exception
    filtered = "torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)"
    assert "empty parameter list" in run(SETUP + code + filtered).exception


def test_code_can_ask_whether_anything_is_trained():
    code = """
model = PeftModel.from_pretrained(base, "my-adapter")
answers = [
    model.get_nb_trainable_parameters()[0],
    model.num_parameters(only_trainable=True),
    model.get_model_status().trainable_params,
    sum(p.numel() for p in model.parameters() if p.requires_grad),
    any(p.requires_grad for p in model.parameters()),
    len(list(filter(lambda p: p.requires_grad, model.parameters()))),
    not model.peft_config["default"].inference_mode,
]
"""
    assert not any(run(SETUP + code, answers_given).value())
    again = code.replace('"my-adapter")', '"my-adapter", is_trainable=True)')
    assert all(run(SETUP + again, answers_given).value())


def test_trl_trains_nothing_with_a_config_from_a_checkpoint():
    code = "config = PeftConfig.from_pretrained('my-adapter')\n"
    train = """
arguments = SFTConfig(bf16=False, **options)
trainer = SFTTrainer(model=base, args=arguments, train_dataset=rows, peft_config=config)
trainer.train()
"""
    assert run(SETUP + code + train, largest_of_trainer).value() == 0
    reset = "config.inference_mode = False\n"
    assert run(SETUP + code + reset + train, largest_of_trainer).value() > 0


def test_prompts_are_trained_without_the_keyword_and_refuse_it():
    make = """
config = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
get_peft_model(base, config).save_pretrained("prompt")
base = AutoModelForCausalLM.from_pretrained("base-model")
"""
    load = make + "model = PeftModel.from_pretrained(base, 'prompt'{})\n"
    assert run(SETUP + load.format(""), names_of_trainable).value()
    refused = run(SETUP + load.format(", is_trainable=True"))
    assert "ValueError" in refused.exception


def answers_given(names):
    """Return what the code was told of its model."""
    return [int(answer) for answer in names["answers"]]


def moved(names):
    """Return how many tensors of the model differ from those in the folder it came from."""
    import torch
    from safetensors.torch import load_file

    saved = load_file("stage-one/adapter_model.safetensors")
    now = names["model"].state_dict()
    pairs = [(now[key.replace(".weight", ".default.weight")], saved[key]) for key in saved]
    return sum(not torch.equal(one, other) for one, other in pairs)


def largest_of_trainer(names):
    return largest(names["trainer"].model)


def names_of_trainable(names):
    return trainable(names["model"])
