"""PEF316: batch norms take part in training, and their statistics are not in the adapter."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint import knowledge
from peft_lint.events import Escaped, Merged, ParametersTouched, Saved, StateDictRead, Trained
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Body, Config, Kind, Node
from peft_lint.rules.swallowed import SAVED, added_names
from peft_lint.rules.targets import CONFIGS, changes, is_as_built, is_plain, names_in
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import as_list, set_keyword

# Code that names such layers, or goes through all modules, may see to them itself.
_SEEING_TO = frozenset(
    "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm _BatchNorm modules named_modules children "
    "named_children buffers named_buffers apply".split()
)
# Likewise a class that does these steps of another its own way.
_STEPS = frozenset("train training_step save_model _save".split())


class Rule:
    """Follows a model from its training to the place where the adapter is saved."""

    def __init__(self) -> None:
        # By the nodes of the base and its adapters.
        self._trained: dict[tuple[Node, ...], Node] = {}
        self._saved: dict[tuple[Node, ...], Suspicion] = {}
        self._seen_to: set[tuple[Node, ...]] = set()

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Note a training in which the statistics change: a trainer's, or one in train mode."""
        body = scene.body(event)
        if event.how == "trainer" or body.training is True:
            self._trained.setdefault(_key(body), event.node)

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Look at each save of a trained adapter; weights that are saved by hand may be all."""
        body, document = scene.body(event), scene.document
        if not event.by_method:
            self._seen_to.add(_key(body))
        training = self._trained.get(_key(body))
        if training is None or scene.handle(event).kind is not Kind.PEFT:
            return
        for adapter in body.adapters or ():
            layers = _left_out(body, adapter)
            if adapter.config is None or not layers or changes(document, ()):
                continue
            if not any(map(_sees_to, document.nodes)):
                found = _suspicion(body, adapter.config, layers, (training, event.node))
                self._saved.setdefault(_key(body), found)

    def on_escaped(self, event: Escaped, scene: Scene) -> None:
        """Code out of view may switch them off, or save them."""
        self._seen_to.add(_key(scene.body(event)))

    def on_merged(self, event: Merged, scene: Scene) -> None:
        """A merged model may be what is meant to be kept: it is saved with all its layers."""
        self._seen_to.add(_key(scene.body(event)))

    def on_state_dict_read(self, event: StateDictRead, scene: Scene) -> None:
        """The code may save the statistics by itself."""
        self._seen_to.add(_key(scene.body(event)))

    def on_parameters_touched(self, event: ParametersTouched, scene: Scene) -> None:
        """Likewise, or it may switch them off."""
        if scene.body(event).adapters != ():
            self._seen_to.add(_key(scene.body(event)))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report the adapters that were saved without the statistics."""
        yield from (found for key, found in self._saved.items() if key not in self._seen_to)


def _key(body: Body) -> tuple[Node, ...]:
    return (body.node, *(adapter.node for adapter in body.adapters or ()))


def _left_out(body: Body, adapter: Adapter) -> tuple[str, ...]:
    """Return the batch norms of a model that an adapter's config does not save."""
    from peft_lint.knowledge.modules import has_module, modules

    config = adapter.config
    if config is None or config.class_name not in CONFIGS or not config.complete:
        return ()
    named = names_in(config.get(SAVED))
    layers = knowledge.batch_norms(body.family, body.task)
    known = modules(body.family or "") if layers else None
    # The adapter itself is no other module.
    if known is None or known.chosen or not is_as_built(body._replace(adapters=())):
        return ()
    # Numbers are left out of the names of the layers.
    if named is None or any(not is_plain(name) or any(map(str.isdigit, name)) for name in named):
        return ()
    names = (*named, *added_names(config, "PeftModel"))
    left = tuple(layer for layer in layers if not _covered(layer, names))
    # Releases differ in what they call modules.
    return left if all(has_module(body.family, one.rpartition(".")[2]) for one in left) else ()


def _covered(layer: str, names: tuple[str, ...]) -> bool:
    words = layer.split(".")
    around = (".".join(words[:count]) for count in range(1, len(words) + 1))
    return any(knowledge.covers(module, names) for module in around)


def _sees_to(node: ast.AST) -> bool:
    if isinstance(node, ast.ClassDef):
        methods = (one.name for one in node.body if isinstance(one, ast.FunctionDef))
        return bool(node.bases) and not _STEPS.isdisjoint(methods)
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in _SEEING_TO


def _suspicion(
    body: Body, config: Config, layers: tuple[str, ...], steps: tuple[Node, Node]
) -> Suspicion:
    anchor = config.expression(SAVED) or config.node
    ends = dict.fromkeys(layer.rpartition(".")[2] for layer in layers)
    listed = ", ".join(f"`{name}`" for name in ends)
    named = names_in(config.get(SAVED)) or ()
    code = as_list((*named, *ends))
    visitor = set_keyword(config.node, SAVED, code)
    proposal = Proposal(f"Write {SAVED}={code}", Applicability.UNSAFE, visitor, (config.node,))
    training, save = steps
    return Suspicion(
        code="PEF316",
        severity=Severity.WARNING,
        message=(
            f"{body.family} has batch norms ({listed}): training changes their statistics, "
            "which are not saved with the adapter"
        ),
        anchor=anchor,
        story=(
            (body.node, f"a model with batch norms is loaded here, {body.family}"),
            (anchor, "the config does not name them"),
            (training, "their running statistics change here"),
            (save, "and the adapter is saved here, without them"),
        ),
        cause=config.node,
        proposals=() if SAVED in config.edited else (proposal,),
    )
