"""Compare the shipped tables of model families with an independent measurement of them.

    python -m tools.extract.measured FOLDER

The folder holds what was measured of the same release of transformers:

heads.json     task -> rows [model type, class, base-model prefix or "EXC", modules outside the
               base that hold parameters, those that the PEFT task type covers, those it does
               not, poolers inside the base]
modules.json   models -> model type -> classes -> class -> linear, conv, embedding, norm (lists
               of names), tied_by_default (bool or null), dropout_modules (module -> share)
dropout.json   models -> model type -> zero_in_the_body (bool)
families.json  unambiguous_ids -> model type -> ids

Each difference is in tests/data/families.json with its reason, or the comparison fails.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from peft_lint import knowledge
from peft_lint.knowledge import modules
from peft_lint.knowledge.tables import table
from tools.extract.explained import Difference, judge

# Task names of heads.json.
TASKS = {
    "SEQ_CLS": "SequenceClassification",
    "TOKEN_CLS": "TokenClassification",
    "QUESTION_ANS": "QuestionAnswering",
    "IMAGE_CLS": "ImageClassification",
    "AUDIO_CLS": "AudioClassification",
    "VIDEO_CLS": "VideoClassification",
    "MULTIPLE_CHOICE": "MultipleChoice",
    "SEM_SEG": "SemanticSegmentation",
    "OBJ_DET": "ObjectDetection",
}


def main(folder: Path) -> int:
    """Print each difference that nobody has explained; return 1 if there is one."""
    facts = {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}
    pairs = [
        *_heads(facts["heads"]),
        *_modules(facts["modules"]["models"]),
        *_dropout(facts["dropout"]["models"], facts["modules"]["models"]),
        *_ids(facts["families"]["unambiguous_ids"]),
    ]
    found = [row for row in pairs if row[1] != row[2]]
    return judge(found, len(pairs), "families.json")


def left_out(heads: knowledge.Heads, task: str) -> tuple[str, ...]:
    """Return the modules of a task's head that even the fitting task type leaves out."""
    added = knowledge.ADDED_BY_TASK_TYPE.get(knowledge.TASK_TYPES.get(task, ""), ())
    return tuple(module for module in heads.modules if not knowledge.covers(module, added))


def _heads(theirs: Mapping[str, Any]) -> Iterator[Difference]:
    for label, rows in theirs.items():
        task = TASKS[label.partition("(")[0]]
        for family, _, prefix, outside, _, uncovered, poolers in rows:
            if prefix != "EXC":
                ours = knowledge.heads(family, task)
                inside = [pooler for pooler in poolers if "pool" in pooler.rpartition(".")[2]]
                yield f"heads of {family} for {task}", [*ours.modules] if ours else None, outside
                yield (
                    f"heads left out of {family} for {task}",
                    [*left_out(ours, task)] if ours else None,
                    uncovered,
                )
                yield f"poolers of {family} for {task}", [*ours.poolers] if ours else None, inside


def _modules(theirs: Mapping[str, Any]) -> Iterator[Difference]:
    for family, entry in theirs.items():
        ours = modules.modules(family)
        classes = entry.get("classes", {}).values() if ours else ()
        for kind in ("linear", "conv", "embedding", "norm"):
            named = {name for row in classes for name in row.get(kind, ())}
            # Theirs holds fewer classes of some families, hence fewer names.
            have = {_last(name) for name in getattr(ours, kind, ())}
            yield f"{kind} modules of {family}", sorted(named & have), sorted(named)
        tied = {row["tied_by_default"] for row in classes} - {None}
        if len(tied) == 1:
            yield f"{family} is tied", modules.tied(family), tied.pop()


def _last(name: str) -> str:
    """Return a module's own name; a number belongs to the word before it."""
    words = name.split(".")
    return ".".join(words[-2:] if words[-1].isdigit() else words[-1:])


def _dropout(theirs: Mapping[str, Any], built: Mapping[str, Any]) -> Iterator[Difference]:
    for family, entry in theirs.items():
        yield f"{family} drops out", knowledge.dropout(family, None), not entry["zero_in_the_body"]
    for family, entry in built.items():
        for name, row in entry.get("classes", {}).items():
            known = knowledge.model_class(name)
            # A class that drops out in functions has no modules that show it.
            if known and known.task and knowledge.dropout(family, None) is False:
                drops = any(row["dropout_modules"].values())
                yield f"{name} drops out", knowledge.dropout(family, known.task), drops


def _ids(theirs: Mapping[str, Any]) -> Iterator[Difference]:
    named = {checkpoint: family for family, ids in theirs.items() for checkpoint in ids}
    ours = table("ids")["ids"]
    for checkpoint in sorted({*ours, *named}):
        yield f"type of {checkpoint}", ours.get(checkpoint), named.get(checkpoint)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
