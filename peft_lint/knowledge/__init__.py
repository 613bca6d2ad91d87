"""What is known of libraries and model families, without importing any of them.

Of model families it can be asked here; `configs`, `calls` and `modules` know the releases of
peft, transformers and trl; `loads` reads what transformers prints. Every table is read on
first need. A release is a version such as "0.13" or "0.13.2". What is not known is None.
"""

from peft_lint.knowledge.families import (
    ADDED_BY_TASK_TYPE,
    TASK_TYPES,
    Checkpoint,
    Heads,
    ModelClass,
    auto_task,
    batch_norms,
    checkpoint,
    covers,
    dropout,
    family,
    fresh_heads,
    head_names,
    heads,
    model_class,
    shares_embedding,
    unquantised,
)

__all__ = [
    "ADDED_BY_TASK_TYPE",
    "TASK_TYPES",
    "Checkpoint",
    "Heads",
    "ModelClass",
    "auto_task",
    "batch_norms",
    "checkpoint",
    "covers",
    "dropout",
    "family",
    "fresh_heads",
    "head_names",
    "heads",
    "model_class",
    "shares_embedding",
    "unquantised",
]
