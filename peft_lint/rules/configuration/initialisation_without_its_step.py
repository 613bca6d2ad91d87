"""PEF314: an initialisation is asked for, and what it needs besides is not there."""

from __future__ import annotations

import ast

from peft_lint.events import AdapterLoaded, ConfigUsed, StateDictLoaded, Trained, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Config, Node
from peft_lint.interpreter.values import Entries, literal
from peft_lint.rules.guards import expects
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import AddKeyword

_FIELD = "init_lora_weights"
# What has to run for each initialisation, and other names that do the same by hand. The step
# of EVA runs when the adapter is there, the others before.
_STEPS = {
    "eva": ("initialize_lora_eva_weights", "get_eva_state_dict"),
    "lora_ga": ("preprocess_loraga", "_peft_loraga_grad"),
    "corda": ("preprocess_corda", "eigens"),
}
# The fields that only one initialisation reads.
_READ_BY = {f"{name}_config": name for name in (*_STEPS, "loftq")}
_ERRORS = ("ValueError", "Exception")


class Rule(OnePerPlace):
    """Looks at wrapping and at training; whoever has had the model may have done the step."""

    def __init__(self) -> None:
        super().__init__()
        self._open: dict[tuple[Node, Node], tuple[Wrapped, str]] = {}
        self._loaded: set[Node] = set()

    def on_config_used(self, event: ConfigUsed, scene: Scene) -> None:
        """Suspect settings of an initialisation that is not the one."""
        config = event.config
        if config.class_name != "LoraConfig" or not _is_default(config):
            return
        for field, name in _READ_BY.items():
            value = config.get(field)
            is_set = isinstance(scene.world.state(value), Config)
            if is_set or (isinstance(value, Entries) and value.items):
                words = f'{field} is read by {_FIELD}="{name}" alone, which the config does not say'
                fix = AddKeyword(_FIELD, f'"{name}"')
                title = f'Add {_FIELD}="{name}"'
                proposals = (Proposal(title, Applicability.UNSAFE, fix, (config.node,)),)
                step = (event.node, "the adapter starts as if it were not there")
                anchor = config.expression(field) or config.node
                self._add(anchor, words, step, Severity.WARNING, event, proposals)

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Note an adapter whose weights need a step, or suspect one that was needed before."""
        name = literal(event.config.get(_FIELD))
        if not isinstance(name, str) or name not in _STEPS or _names_a_step(name, scene):
            return
        if name == "corda" and event.fresh_base and not expects(event, scene, *_ERRORS):
            words = f'{_FIELD}="corda" needs preprocess_corda before: get_peft_model raises'
            step = (event.node, "there are no eigenvectors yet")
            anchor = event.config.expression(_FIELD) or event.config.node
            self._add(anchor, words, step, Severity.ERROR, event)
        elif event.fresh_base or (name == "eva" and not event.before.escaped):
            self._open[(event.node, event.config.node)] = (event, name)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Weights from elsewhere make up for it."""
        self._loaded.add(scene.body(event).node)

    def on_state_dict_loaded(self, event: StateDictLoaded, scene: Scene) -> None:
        """Likewise."""
        self._loaded.add(scene.body(event).node)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Suspect an adapter that starts to learn without the step."""
        body = scene.body(event)
        if body.escaped or body.node in self._loaded or _resumes(event):
            return
        for adapter in body.adapters or ():
            config = adapter.config
            key = (adapter.node, config.node) if config is not None else None
            if config is None or key not in self._open:
                continue
            wrapped, name = self._open[key]
            words = f'{_FIELD}="{name}" does nothing without {_STEPS[name][0]}'
            step = (event.node, "it is trained from the plain start of LoRA")
            anchor = config.expression(_FIELD) or config.node
            self._add(anchor, words, step, Severity.WARNING, wrapped)

    def _add(
        self,
        anchor: Node,
        words: str,
        step: tuple[Node, str],
        severity: Severity,
        event: ConfigUsed | Wrapped,
        proposals: tuple[Proposal, ...] = (),
    ) -> None:
        made = () if event.node is step[0] else ((event.node, "the adapter is made here"),)
        story = ((anchor, words), *made, step)
        self._found.setdefault(
            anchor, Suspicion("PEF314", severity, words, anchor, story, anchor, proposals)
        )


def _resumes(event: Trained) -> bool:
    """Return whether training may go on from weights of a checkpoint."""
    call = event.node
    return (
        event.how == "trainer" and isinstance(call, ast.Call) and bool(call.args or call.keywords)
    )


def _is_default(config: Config) -> bool:
    """Return whether the config surely leaves the initialisation at its default."""
    value = config.get(_FIELD)
    return config.is_written if value is None else literal(value) is True


def _names_a_step(name: str, scene: Scene) -> bool:
    """Return whether the document names a function that does what the initialisation needs."""
    for node in scene.document.nodes:
        said = node.attr if isinstance(node, ast.Attribute) else None
        said = node.id if isinstance(node, ast.Name) else said
        said = node.name.rpartition(".")[2] if isinstance(node, ast.alias) else said
        if said in _STEPS[name]:
            return True
    return False
