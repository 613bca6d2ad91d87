"""PEF301 against reality: a head is another one after a reload, if and only if the rule fires.

The programs are a sample of all combinations below, the same one each time.
"""

import os
from dataclasses import dataclass
from itertools import product
from random import Random

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.finding import Severity
from peft_lint.versions import Target
from tests.differential.oracles import judged_rules
from tests.proofs.harness import run
from tests.proofs.harness.measures import reload_distance, the_model

PROGRAMS = int(os.environ.get("PEFT_LINT_PROGRAMS", "200")) // 3

SEQ, TOKEN, QA = "SequenceClassification", "TokenClassification", "QuestionAnswering"
IMAGE, AUDIO = "ImageClassification", "AudioClassification"
# id -> the tasks of its classes, the head modules that can be named, and what LoRA is put on.
MODELS = {
    "bert-base-uncased": ((SEQ, TOKEN, QA), ("classifier", "qa_outputs", "pooler"), ""),
    "google-bert/bert-base-uncased": ((SEQ, TOKEN), ("classifier",), ""),
    "roberta-base": ((SEQ, TOKEN, QA), ("classifier", "qa_outputs"), ""),
    "distilbert-base-uncased": (
        (SEQ, TOKEN, QA),
        ("classifier", "pre_classifier", "qa_outputs"),
        "target_modules=['q_lin']",
    ),
    "microsoft/deberta-v3-base": ((SEQ, TOKEN, QA), ("pooler", "classifier", "qa_outputs"), ""),
    "t5-small": ((SEQ, TOKEN), ("classification_head", "classifier"), ""),
    "gpt2": ((SEQ, TOKEN, QA), ("score", "classifier", "qa_outputs"), "fan_in_fan_out=True"),
    # Not its class for question answering: there, no weight of the checkpoint has the right name.
    "meta-llama/Llama-3.2-1B": ((SEQ, TOKEN), ("score", "classifier"), ""),
    "google/vit-base-patch16-224-in21k": (
        (IMAGE,),
        ("classifier",),
        "target_modules=['q_proj']",
    ),
    "facebook/wav2vec2-base": (
        (AUDIO,),
        ("projector", "classifier"),
        "target_modules=['q_proj']",
    ),
}
TASK_TYPES = ("", "SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION")
WRAPPINGS = (
    "model = get_peft_model(model, config)",
    "model = get_peft_model(model, config)",
    "model.add_adapter(config)",
)


@dataclass(frozen=True)
class Program:
    """A model with a new head, and the config that it gets an adapter from."""

    name: str
    task: str
    labels: str
    task_type: str
    saved: tuple[str, ...]
    wrapping: str

    @property
    def source(self) -> str:
        """The program's text."""
        fields = [MODELS[self.name][2] or "lora_dropout=0.1"]
        fields += [f"task_type='{self.task_type}'"] if self.task_type else []
        fields += [f"modules_to_save={list(self.saved)}"] if self.saved else []
        return f"""\
from peft import LoraConfig, get_peft_model
from transformers import AutoModelFor{self.task}

model = AutoModelFor{self.task}.from_pretrained({self.name!r}{self.labels})
config = LoraConfig({", ".join(fields)})
{self.wrapping}
"""


def every_program() -> list[Program]:
    """Return all combinations in a fixed order."""
    found = []
    for name, (tasks, modules, _) in MODELS.items():
        saved = ((), *((one,) for one in modules), modules, ("no_such_module",))
        rows = product(tasks, ("", ", num_labels=3"), TASK_TYPES, saved, WRAPPINGS)
        found += [Program(name, *row) for row in rows]
    return found


def test_a_lost_head_and_the_rule_are_the_same_programs(record_property):
    drawn = Random(0).sample(every_program(), PROGRAMS)
    raised, lost, wrong = 0, 0, []
    for program in drawn:
        outcome = run(program.source, _reloaded)
        if outcome.exception:
            raised += 1
            continue
        is_lost = outcome.value() > 1e-6
        lost += is_lost
        found = find(Document("program.py", program.source), judged_rules(), Target())
        fired = [one for one in found if one.code == "PEF301" and one.severity is not Severity.INFO]
        others = [one.code for one in found if one not in fired]
        if bool(fired) != is_lost or others:
            kind = "missed alarm" if is_lost else "false alarm"
            wrong.append(f"{kind}, distance {outcome.value()}, others {others}:\n{program.source}")
    figure = f"{len(drawn)} programs ({raised} raised), {lost} lose their head"
    record_property("figure", f"PEF301: {figure}, {len(wrong)} are judged wrongly")
    assert not wrong, "\n\n".join(wrong)
    assert raised <= 0.2 * len(drawn)
    assert 0.2 < lost / (len(drawn) - raised) < 0.9


def _reloaded(names: dict[str, object]) -> float:
    return reload_distance(the_model(names))
