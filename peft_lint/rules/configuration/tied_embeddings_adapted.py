"""PEF315: a LoRA on an embedding or output layer that share a weight is merged into it."""

from __future__ import annotations

import ast

from peft_lint import knowledge
from peft_lint.events import Merged
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Body, Config, Node, Weights
from peft_lint.interpreter.values import literal
from peft_lint.rules.targets import FIELD, changes, is_as_built, names_in
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import ReplaceKeyword, as_list, gives

# Classes whose output layer is the embedding's other use.
_GENERATING = ("CausalLM", "Seq2SeqLM", "MaskedLM")
_TYING = "tie_word_embeddings"
# With these a name in the list may be none of the targets.
_NARROWING = ("modules_to_save", "exclude_modules", "layers_to_transform")


class Rule(OnePerPlace):
    """Looks at each merge: whether the adapter is on a weight that is used twice."""

    def on_merged(self, event: Merged, scene: Scene) -> None:
        """Suspect an adapter on an embedding that is the output layer as well."""
        body = scene.body(event)
        given = event.node.keywords if isinstance(event.node, ast.Call) else []
        chosen = any(word.arg in (None, "adapter_names") for word in given)
        if body.task not in _GENERATING or chosen or not _is_tied(body, scene):
            return
        for adapter in body.active_adapters():
            names = _shared(body, adapter)
            if adapter.config is None or not names:
                continue
            # Or it has got a weight of its own.
            words = {name.rpartition(".")[2] for name in names}
            if not changes(scene.document, {*words, "weight"}):
                anchor = adapter.config.expression(FIELD) or adapter.config.node
                found = _suspicion(event.node, body, adapter.config, anchor, names)
                self._found.setdefault(anchor, found)


def _is_tied(body: Body, scene: Scene) -> bool:
    """Return whether the model surely has one weight for its embedding and output layer."""
    if _TYING in dict(body.arguments) or scene.assigns(_TYING):
        return False
    shares = knowledge.shares_embedding(body.family or "", literal(body.checkpoint))
    # The adapter itself is no other module.
    return shares and is_as_built(body._replace(adapters=()))


def _shared(body: Body, adapter: Adapter) -> tuple[str, ...]:
    """Return the targets of an adapter that are the embedding or the output layer."""
    from peft_lint.knowledge.modules import ends

    config = adapter.config
    if config is None or config.class_name != "LoraConfig" or not config.complete:
        return ()
    if adapter.merged is None or adapter.weights is Weights.ZERO:
        return ()
    if any(literal(config.get(name), ...) is not None for name in _NARROWING if config.get(name)):
        return ()
    both = {name for pair in ends(body.family) for name in pair}
    targets = names_in(config.get(FIELD)) or ()
    return tuple(name for name in targets if name.rpartition(".")[2] in both)


def _suspicion(
    merge: Node, body: Body, config: Config, anchor: Node, names: tuple[str, ...]
) -> Suspicion:
    listed = " and ".join(f"`{name}`" for name in names)
    return Suspicion(
        code="PEF315",
        severity=Severity.WARNING,
        message=(
            f"{body.family} uses one weight for embedding and output, and {listed} is adapted: "
            "merging changes both, and the merged model answers differently"
        ),
        anchor=anchor,
        story=(
            (body.node, "this model uses one weight for its embedding and its output"),
            (anchor, f"the adapter is on one of the two, {listed}"),
            (merge, "and is merged into the weight of both here"),
        ),
        cause=config.node,
        proposals=_proposals(config, anchor, names),
    )


def _proposals(config: Config, anchor: Node, names: tuple[str, ...]) -> tuple[Proposal, ...]:
    targets = names_in(config.get(FIELD)) or ()
    left = [name for name in targets if name not in names]
    if not left or not gives(config.node, anchor):
        return ()
    fix = ReplaceKeyword(FIELD, as_list(left))
    title = f"Leave it out of the targets: {FIELD}={as_list(left)}"
    return (Proposal(title, Applicability.UNSAFE, fix, (config.node,)),)
