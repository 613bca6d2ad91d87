"""PEF205: a decoder's classifier raises on batches unless its own config knows the pad token."""

import json
from pathlib import Path

import pytest

from tests.proofs.harness import run

RAISES = "ValueError: Cannot handle batch sizes > 1 if no padding token is defined."
SETUP = """
import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments
tokenizer = AutoTokenizer.from_pretrained("gpt2")
tokenizer.pad_token = tokenizer.eos_token
model = AutoModelForSequenceClassification.from_pretrained("gpt2", num_labels=2)
model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS"))
rows = Dataset.from_dict({"text": ["one", "two three"] * 4, "label": [0, 1] * 4})
rows = rows.map(lambda row: tokenizer(row["text"]))
options = dict(output_dir="out", max_steps=1, report_to=[], use_cpu=True, save_strategy="no")
collator = DataCollatorWithPadding(tokenizer)
def trainer(**more):
    given = {key: more.pop(key) for key in list(more) if key == "processing_class"}
    args = TrainingArguments(**options, **more)
    return Trainer(
        model, args, train_dataset=rows, eval_dataset=rows, data_collator=collator, **given
    )
"""


def published(names):
    """Make the checkpoint what the published one is: no padding token in config or tokenizer."""
    for file, key in (("config.json", "pad_token_id"), ("tokenizer_config.json", "pad_token")):
        path = Path("gpt2", file)
        content = json.loads(path.read_text())
        content.pop(key, None)
        path.write_text(json.dumps(content))


def with_reviews(names):
    from datasets import Dataset

    published(names)
    texts = {"text": ["one", "two three"] * 4, "label": [0, 1] * 4}
    Dataset.from_dict(texts).save_to_disk("reviews")


def pad_token(names):
    return names["model"].config.pad_token_id


def proof(example, use_instead):
    """Both train; only the second can be given more than one row at once."""
    assert run(example, prepare=with_reviews).exception == RAISES
    assert run(use_instead, pad_token, prepare=with_reviews).value() == 2


@pytest.mark.parametrize(
    ("code", "exception"),
    [
        ("trainer().train()", RAISES),
        ("trainer(processing_class=tokenizer).evaluate()", RAISES),
        ("trainer(processing_class=tokenizer).predict(rows)", RAISES),
        ("model(**tokenizer(['one', 'two three'], padding=True, return_tensors='pt'))", RAISES),
        ("trainer(processing_class=tokenizer).train()", ""),
        ("t = trainer(processing_class=tokenizer); t.train(); t.evaluate()", ""),
        ("trainer(per_device_train_batch_size=1).train()", ""),
        ("model.config.pad_token_id = tokenizer.pad_token_id; trainer().train()", ""),
        ("model(**tokenizer('one', return_tensors='pt'))", ""),
    ],
)
def test_who_tells_the_model_of_padding(code, exception):
    assert run(SETUP + code, prepare=published).exception == exception


@pytest.mark.stack
def test_before_transformers_4_56_a_trainer_with_a_tokenizer_raises_as_well():
    code = SETUP + "trainer(processing_class=tokenizer).train()"
    assert run(code, prepare=published, stack="trl-0.19").exception == RAISES


def test_the_line_may_stand_before_the_wrap_or_after_it():
    line = "model.config.pad_token_id = tokenizer.pad_token_id\n"
    early = SETUP.replace("model = get_peft_model", line + "model = get_peft_model")
    for code in (early, SETUP + line):
        assert not run(code + "trainer().train()", prepare=published).exception


def test_a_row_that_is_padded_on_the_right_is_read_at_its_padding():
    code = (
        SETUP
        + """
with torch.no_grad():
    plain = model.eval()(**tokenizer("two three", return_tensors="pt")).logits
    row = tokenizer("two three", padding="max_length", max_length=8, return_tensors="pt")
    padded = model(**row).logits
    model.config.pad_token_id = tokenizer.pad_token_id
    told = model(**row).logits
print(float((plain - padded).abs().max()), float((plain - told).abs().max()))
"""
    )
    far, near = map(float, run(code, prepare=published).stdout.splitlines()[-1].split())
    assert far > 0.01
    assert near < 1e-4


def test_an_encoder_needs_none():
    setup = SETUP.replace("gpt2", "bert-base-uncased")
    forward = "model(**tokenizer(['one', 'two three'], padding=True, return_tensors='pt'))"
    assert not run(f"{setup}model.config.pad_token_id = None\n{forward}").exception
