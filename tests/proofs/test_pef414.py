"""PEF414: where padding is the end token, the labels of transformers' collator have no end."""

import pytest

from tests.proofs.harness import run

SCRIPT = """
import datasets
from transformers import (
    AutoModelForCausalLM, AutoTokenizer, DataCollatorForLanguageModeling, DataCollatorForSeq2Seq
)
from trl import SFTConfig, SFTTrainer
tokenizer = AutoTokenizer.from_pretrained("base-model")
tokenizer.pad_token = tokenizer.eos_token
texts = [text + tokenizer.eos_token for text in ("one two", "four five")]
rows = [{"input_ids": tokenizer(text)["input_ids"]} for text in texts]
labelled = [{**row, "labels": list(row["input_ids"])} for row in rows]
"""


def proof(example, use_instead):
    """The labels of the example have no end token, and those of the fixed text one a row."""
    assert run(example, trainer_ends).value() == [0, 0]
    assert run(use_instead, trainer_ends).value() == [1, 1]


def test_what_the_rows_bring_along_is_overwritten():
    code = "batch = DataCollatorForLanguageModeling(tokenizer, mlm=False)(labelled)"
    assert run(SCRIPT + code, batch_ends).value() == [0, 0]


def test_an_end_that_the_tokenizer_puts_there_is_left_out():
    code = "tokenizer = AutoTokenizer.from_pretrained('base-model', add_eos_token=True)\n"
    code += "tokenizer.pad_token = {}\nrows = [tokenizer(text) for text in ('one two', 'three')]\n"
    code += "batch = DataCollatorForLanguageModeling(tokenizer, mlm=False)(rows)"
    assert run(SCRIPT + code.format("tokenizer.eos_token"), batch_ends).value() == [0, 0]
    assert run(SCRIPT + code.format("'<unk>'"), batch_ends).value() == [1, 1]


def test_every_end_inside_a_packed_block_is_left_out():
    code = "rows = [{'input_ids': rows[0]['input_ids'] + rows[1]['input_ids']}]\n"
    code += "batch = DataCollatorForLanguageModeling(tokenizer, mlm=False)(rows)"
    assert run(SCRIPT + code, batch_ends).value() == [0]


@pytest.mark.parametrize(
    "code",
    [
        "batch = DataCollatorForSeq2Seq(tokenizer)(labelled)",
        """
model = AutoModelForCausalLM.from_pretrained("base-model")
args = SFTConfig("out", report_to=[], use_cpu=True, bf16=False)
rows = datasets.Dataset.from_dict({"text": texts})
trainer = SFTTrainer(model, args, train_dataset=rows, processing_class=tokenizer)
batch = next(iter(trainer.get_train_dataloader()))
""",
    ],
)
def test_other_collators_keep_it(code):
    assert all(count >= 1 for count in run(SCRIPT + code, batch_ends).value())


def trainer_ends(names):
    """Return how many end tokens each row of the trainer's first batch is trained on."""
    return ends(next(iter(names["trainer"].get_train_dataloader())))


def batch_ends(names):
    """Return how many end tokens each row of the batch is trained on."""
    return ends(names["batch"])


def ends(batch):
    return [int((row == 2).sum()) for row in batch["labels"]]
