"""PEF401: the adapter is frozen where it is trained, and nothing of it changes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import AdapterLoaded, Merged, Saved, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Body, Config, Node
from peft_lint.interpreter.values import Bound, literal
from peft_lint.library.configs import PROMPT_LEARNING
from peft_lint.rules.untrained import Untrained, fresh_and_inactive, is_frozen_since
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import AddKeyword

# Through these parameters may be unfrozen without naming the model.
_HOLDERS = frozenset({"param_groups", "ParameterList"})


class Rule(Untrained):
    """Looks at each training of a model whose adapters were loaded, or made, frozen."""

    def __init__(self) -> None:
        super().__init__()
        self._loads: dict[Node, AdapterLoaded] = {}
        self._wraps: dict[Node, Wrapped] = {}
        # Paths to which this document saves adapters that change the model's layers.
        self._own: set[str] = set()
        self._merged: set[Node] = set()
        self._has_prompts = False

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note an adapter from a checkpoint, which is frozen unless asked for otherwise."""
        self._loads[event.node] = event
        self.froze(event, scene)

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Note an adapter made from a config, which a checkpoint's config makes frozen."""
        self._wraps[event.node] = event
        self.froze(event, scene)
        self._has_prompts = self._has_prompts or event.config.class_name in PROMPT_LEARNING

    def on_merged(self, event: Merged, scene: Scene) -> None:
        """Only adapters in the model's layers can be merged."""
        self._merged.update(one.node for one in scene.body(event).adapters or ())

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Note what adapters of this document are saved as."""
        path = literal(event.path)
        adapters = scene.body(event).adapters or ()
        if isinstance(path, str) and any(one.config and one.in_place for one in adapters):
            self._own.add(path)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report the frozen adapter of each such training."""
        unfreezes = scene.assigns("requires_grad") or scene.names({"requires_grad_"})
        if unfreezes and scene.names(_HOLDERS):
            return
        for node, body in self.runs():
            adapter = self._frozen(body)
            if adapter is not None:
                yield self._suspicion(adapter, node)

    def _frozen(self, body: Body) -> Adapter | None:
        """Return an adapter that acts, and is frozen as it was loaded or made."""
        active = body.active_adapters()
        if not active or fresh_and_inactive(body) or is_frozen_since(body):
            return None
        if not all(one.frozen_by is one.node for one in active):
            return None
        one = active[0]
        if one.node in self._wraps:
            # A literal `inference_mode=True` is a rule's of its own.
            config = self._wraps[one.node].config
            said = config.get("inference_mode") is not None
            return None if said or _may_be_written(config, body) else one
        known = one.node in self._loads and (one.in_place is True and not self._has_prompts)
        return one if known else None

    def _suspicion(self, adapter: Adapter, run: Node) -> Suspicion:
        from peft_lint.rules.training.frozen_adapter_trained_fix import thaw

        wrap = self._wraps.get(adapter.node)
        if wrap is not None:
            why = "a config from a checkpoint makes it frozen"
            story = (wrap.config.node, "the checkpoint's config is read here, for inference only")
            first = "and the adapter is made from it here, frozen"
        else:
            why = "it is loaded without is_trainable=True"
            story = None
            first = "the adapter is loaded here, frozen"
        steps = ((adapter.node, first), (run, "and trained here, where none of it can change"))
        return Suspicion(
            code="PEF401",
            severity=Severity.ERROR,
            message=f"the adapter is trained while all of it is frozen: {why}",
            anchor=adapter.node,
            story=steps if story is None else (story, *steps),
            cause=adapter.node,
            proposals=self._load_again(adapter) if wrap is None else thaw(wrap),
        )

    def _load_again(self, adapter: Adapter) -> tuple[Proposal, ...]:
        """Propose `is_trainable=True`, which prompt learning refuses."""
        event = self._loads[adapter.node]
        if not isinstance(event.node, ast.Call) or _given(event.node, "is_trainable"):
            return ()
        place = 0 if event.how == "load_adapter" or event.how.startswith("Auto") else 1
        source = event.node.args[place] if len(event.node.args) > place else None
        applicability = Applicability.DISPLAY
        if isinstance(source, ast.Constant) and source.value in self._own:
            applicability = Applicability.SAFE
        elif adapter.node in self._merged:
            applicability = Applicability.UNSAFE
        title = "Load the adapter with is_trainable=True"
        visitor = AddKeyword("is_trainable", "True")
        return (Proposal(title, applicability, visitor, (event.node,)),)


def _may_be_written(config: Config, body: Body) -> bool:
    """Return whether a config that is read may be one that somebody wrote, without an adapter.

    Such a config is for training, and it names no base.
    """
    if any(name == "inference_mode" and literal(of) is False for name, of in config.stored or ()):
        return True
    base = body.checkpoint
    names_base = isinstance(base, Bound) and base.function == "base_model_name_or_path"
    return not names_base and not isinstance(literal(config.source), str)


def _given(node: ast.Call, name: str) -> bool:
    return any(word.arg in (None, name) for word in node.keywords)
