"""PEF303: a PEFT config gets a keyword that its class does not have."""

from __future__ import annotations

import ast

from peft_lint.events import ConfigMade
from peft_lint.finding import Applicability, Severity
from peft_lint.lean import TYPE_CHECKING
from peft_lint.rules.guards import expects, is_conditional, names_the_class
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import RenameKeyword
from peft_lint.versions.specifier import key

if TYPE_CHECKING:
    from peft_lint.knowledge.configs import Field


class Rule(OnePerPlace):
    """Compares the keywords of each config with the fields that its class has."""

    def on_config_made(self, event: ConfigMade, scene: Scene) -> None:
        """Look at the keywords that the call spells."""
        from peft_lint.knowledge.configs import fields

        release = scene.machine.target.release("peft")
        known = fields("peft", event.config.class_name or "", release)
        if known is None:
            return
        taken = {name: field for name, field in known.items() if field.init}
        unknown = [word for word in event.node.keywords if word.arg and word.arg not in taken]
        if (
            unknown
            and names_the_class(event.node, scene)
            and not expects(event, scene, "TypeError")
        ):
            for word in unknown:
                suspicion = _suspect(word, event, scene, taken)
                if suspicion is not None:
                    self._found[word] = suspicion


def _suspect(
    word: ast.keyword, event: ConfigMade, scene: Scene, taken: dict[str, Field]
) -> Suspicion | None:
    """Return what is wrong with a keyword, None where a release in use may have it."""
    from peft_lint.knowledge.configs import every_field
    from peft_lint.knowledge.spellings import FOREIGN, meant_field

    target, name, written = scene.machine.target, event.config.class_name or "", word.arg or ""
    release, bounded = target.release("peft"), target.bounded("peft")
    meant = None
    if written in (every_field("peft", name) or ()):
        # Another release has it: what depends on a condition may ask which one is there.
        if not bounded or is_conditional(event, scene):
            return None
        message = f"{name} of peft {release} ({target.source('peft')}) has no `{written}`"
    else:
        meant = meant_field(written, taken)
        if meant is None and not bounded and written not in FOREIGN.get(name, ()):
            return None
        message = f"{name} has no `{written}`" + (f"; it is called `{meant}`" if meant else "")
    given = {*dict(event.config.fields)}
    proposals: tuple[Proposal, ...] = ()
    if meant is not None and meant not in given:
        lowest = target.lowest("peft") or release
        safe = event.config.complete and key(taken[meant].since) <= key(lowest)
        safety = Applicability.SAFE if safe else Applicability.UNSAFE
        title, visitor = f"Rename the keyword to {meant}", RenameKeyword(written, meant)
        proposals = (Proposal(title, safety, visitor, (event.node,)),)
    story = ((word.value, "the class refuses this keyword with a TypeError"),)
    return Suspicion("PEF303", Severity.ERROR, message, word.value, story, event.node, proposals)
