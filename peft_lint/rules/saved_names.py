"""Which names in `modules_to_save` a model's family lacks, and what they were to be."""

from __future__ import annotations

from collections.abc import Mapping

from peft_lint import knowledge
from peft_lint.events import Wrapped
from peft_lint.rules.swallowed import added_names
from peft_lint.rules.targets import changes, is_plain
from peft_lint.scene import Scene

# A name -> the names that are meant instead, none where that is open.
Meant = Mapping[str, tuple[str, ...]]


def misnamed(event: Wrapped, names: tuple[str, ...], scene: Scene) -> Meant:
    """Return the names that are slips, or all where they are those of other families.

    A list with names of several families is meant to fit any of them. What is saved for
    another reason does no harm.
    """
    from peft_lint.knowledge.modules import ends, lacks_ending
    from peft_lint.knowledge.spellings import is_slip

    body = event.before
    family = body.family or ""
    dead = [name for name in names if is_plain(name) and lacks_ending(family, name)]
    if not dead or changes(scene.document, {name.rpartition(".")[2] for name in dead}):
        return {}
    heads = knowledge.heads(family, body.task)
    modules = heads.modules if heads else ()
    own = {*modules, *(name for pair in ends(family) for name in pair)}
    slips = {
        name: (near[0],)
        for name in dead
        if len(near := [one for one in own if len(one) > 4 and is_slip(name, one)]) == 1
    }
    embeddings, outputs = ({pair[side] for pair in ends()} for side in (0, 1))
    known = embeddings | outputs | knowledge.head_names()
    found: dict[str, tuple[str, ...]] = dict(slips)
    if len(dead) == len(names) and all(name in slips or name in known for name in dead):
        for name in dead:
            of_family = {pair[name not in embeddings] for pair in ends(family)}
            alike = tuple(of_family) if name in embeddings | outputs and len(of_family) == 1 else ()
            found.setdefault(name, modules if modules and name not in embeddings else alike)
    others = (*added_names(event.config, event.how), *(name for name in names if name not in dead))
    return {name: meant for name, meant in found.items() if not are_covered(meant, others)}


def are_covered(meant: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """Return whether PEFT trains and saves all modules that are meant because of `names`."""
    return bool(meant) and all(knowledge.covers(name, names) for name in meant)
