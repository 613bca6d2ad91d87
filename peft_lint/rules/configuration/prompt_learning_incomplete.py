"""PEF312: a config for prompt learning lacks what PEFT cannot do without."""

from __future__ import annotations

from peft_lint import knowledge
from peft_lint.events import ConfigMade, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Config
from peft_lint.interpreter.values import Literal, Symbol, literal
from peft_lint.library.configs import PROMPT_LEARNING
from peft_lint.rules.guards import expects, names_the_class
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import set_keyword

_TASK, _TOKENS, _INIT = "task_type", "num_virtual_tokens", "prompt_tuning_init"
_TEXT, _TOKENIZER = "prompt_tuning_init_text", "tokenizer_name_or_path"
_PROMPTS = ("PromptTuningConfig", "MultitaskPromptTuningConfig")
# What a fresh prompt needs besides the task type, and what comes of it without.
_NEEDED = {
    "CPTConfig": ("cpt_token_ids", "the loss is nan"),
    **dict.fromkeys(
        PROMPT_LEARNING - {"CPTConfig"}, (_TOKENS, "get_peft_model raises a TypeError")
    ),
}
_ERRORS = ("KeyError", "TypeError", "ValueError", "Exception")


class Rule(OnePerPlace):
    """Looks at configs where their class checks them, and where they meet a model."""

    def on_config_made(self, event: ConfigMade, scene: Scene) -> None:
        """Suspect an initialisation by a text that is not given, or cannot be read."""
        config = event.config
        if config.class_name in _PROMPTS and _word(config, _INIT) == "TEXT":
            for field in (_TEXT, _TOKENIZER):
                if _lacks(config, field):
                    words = (
                        f"{_INIT} is TEXT, and there is no {field}: the config raises a ValueError"
                    )
                    self._add(field, words, (), event, Severity.ERROR, scene)
        if config.class_name == "CPTConfig" and _lacks(config, _TASK):
            words = (
                f"there is no {_TASK}: the config raises a ValueError, it is for CAUSAL_LM alone"
            )
            self._add(
                _TASK, words, _given(config, _TASK, "CAUSAL_LM"), event, Severity.ERROR, scene
            )

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Suspect what is missing when a prompt is made from the config."""
        config, name = event.config, event.config.class_name or ""
        if name not in _NEEDED or event.how not in ("get_peft_model", "trainer"):
            return
        field, outcome = _NEEDED[name]
        if _lacks(config, field):
            choice = _given(config, field, 20) if field == _TOKENS else ()
            words = f"there is no {field}: {outcome}"
            self._add(field, words, choice, event, Severity.ERROR, scene)
        if name != "CPTConfig" and _lacks(config, _TASK):
            words = f"there is no {_TASK}: get_peft_model raises a KeyError for prompt learning"
            self._add(_TASK, words, _fitting(config, event.before), event, Severity.ERROR, scene)
        text = literal(config.get(_TEXT))
        if name in _PROMPTS and isinstance(text, str) and _lacks(config, _INIT):
            words = f"{_TEXT} is ignored without {_INIT}: the prompt starts at random"
            fixes = () if _lacks(config, _TOKENIZER) else _given(config, _INIT, "TEXT")
            self._add(_INIT, words, fixes, event, Severity.WARNING, scene)

    def _add(
        self,
        field: str,
        words: str,
        proposals: tuple[Proposal, ...],
        event: ConfigMade | Wrapped,
        severity: Severity,
        scene: Scene,
    ) -> None:
        config = event.config
        anchor = config.expression(_TEXT if field == _INIT else field) or config.node
        if not names_the_class(config.node, scene) or expects(event, scene, *_ERRORS):
            return
        if scene.assigns(field):
            # `if config.task_type is None: config.task_type = …`
            return
        used = ((event.node, "and the model is wrapped with it here"),)
        self._found.setdefault(
            (config.node, field),
            Suspicion(
                code="PEF312",
                severity=severity,
                message=words,
                anchor=anchor,
                story=((anchor, words), *(used if isinstance(event, Wrapped) else ())),
                cause=(config.node, field),
                proposals=proposals,
            ),
        )


def _lacks(config: Config, field: str) -> bool:
    """Return whether a field surely is None."""
    value = config.get(field)
    if value is None:
        return config.is_written
    return isinstance(value, Literal) and value.values == (None,)


def _word(config: Config, field: str) -> object:
    """Return a text, or the name of an enum's member."""
    value = config.get(field)
    return value.name.rpartition(".")[2] if isinstance(value, Symbol) else literal(value)


def _given(
    config: Config, field: str, value: object, safety: Applicability = Applicability.UNSAFE
) -> tuple[Proposal, ...]:
    """Return the fix that gives a field a value, where the call does or could."""
    code = f'"{value}"' if isinstance(value, str) else str(value)
    if field in config.edited:
        return ()
    visitor = set_keyword(config.node, field, code)
    return (Proposal(f"Add {field}={code}", safety, visitor, (config.node,)),)


def _fitting(config: Config, body: Body) -> tuple[Proposal, ...]:
    """Return the fix that writes the model's own task: of prompts no other type works."""
    fit = knowledge.TASK_TYPES.get(body.task or "")
    return () if fit is None else _given(config, _TASK, fit, Applicability.SAFE)
