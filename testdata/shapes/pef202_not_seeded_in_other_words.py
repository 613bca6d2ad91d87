"""Every way in which people seed."""
import functools
import unittest

import lightning
import torch
from peft import AutoPeftModelForCausalLM
from transformers import enable_full_determinism
from transformers.trainer_utils import set_seed as hf_seed

SEED = 5


class Sampling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = AutoPeftModelForCausalLM.from_pretrained("acme/lora")

    def setUp(self):
        torch.manual_seed(SEED)

    def test_shape(self):
        self.assertEqual(self.model.generate(do_sample=True, max_new_tokens=3).ndim, 2)


def seeded(function):
    @functools.wraps(function)
    def inner(*args, seed=SEED, **kwargs):
        hf_seed(seed)
        return function(*args, **kwargs)

    return inner


@seeded
def one(model):
    return model.generate(do_sample=True, max_new_tokens=3)


def two(model, generator_seed=None):
    if generator_seed is None:
        generator_seed = 0
    torch.random.manual_seed(generator_seed)
    return model.generate(do_sample=True)


if __name__ == "__main__":
    model = AutoPeftModelForCausalLM.from_pretrained("acme/lora")
    print(one(model), two(model))
    enable_full_determinism(3)
    lightning.Fabric().seed_everything(3)
    print(model.generate(do_sample=True))
    unittest.main()
