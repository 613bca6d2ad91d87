"""Which trained weights of a model are float16: by a cast, or as the base is that they are from."""

from __future__ import annotations

import ast
from collections.abc import Collection

from peft_lint import knowledge
from peft_lint.document import Document
from peft_lint.events import AdapterLoaded, Wrapped
from peft_lint.interpreter.objects import Adapter, Body, Config, Node, Steps
from peft_lint.interpreter.values import literal
from peft_lint.knowledge.modules import ends, has_module
from peft_lint.lean import Record
from peft_lint.library.dtypes import loaded_as
from peft_lint.library.registry import is_familiar
from peft_lint.rules.abilities import is_of_transformers
from peft_lint.rules.heads import added_by_task
from peft_lint.rules.targets import changes, is_as_built, names_in
from peft_lint.scene import Scene

_HALF = "float16"
# Configs of adapters whose own weights, and copies of a head, were seen to stay float16 (B9).
CONFIGS = frozenset(
    "LoraConfig AdaLoraConfig LoHaConfig LoKrConfig OFTConfig BOFTConfig IA3Config VeraConfig "
    "FourierFTConfig HRAConfig VBLoRAConfig RandLoraConfig LNTuningConfig".split()
)
_PEFT_MODELS = ("get_peft_model", "PeftModel", "trainer")
# These put the adapter in and leave its dtype alone.
_WITHOUT_CAST = ("add_adapter", "inject_adapter_in_model")
# Families all of whose layers have biases.
BIASED = frozenset(
    "albert bart bert bloom deberta-v2 distilbert electra gpt2 gpt_neox mbart opt roberta vit "
    "wav2vec2 xlm-roberta".split()
)


class Half(Record):
    """An adapter that is trained while weights of it, or beside it, are float16, and why."""

    adapter: Adapter
    steps: Steps


class HalfWeights:
    """Follows the dtype of each base through the adapters that are put on it."""

    def __init__(self) -> None:
        # For each call that makes or loads an adapter: what takes over the base's dtype, on
        # each path, and the casts that came before it.
        self._taken: dict[Node, list[str | None]] = {}
        self._before: dict[Node, set[Node]] = {}

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Note what is trained in the dtype of the base."""
        self._taken.setdefault(event.node, []).append(_with_the_base(event, scene))
        self._note(event.node, event.before)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note the casts that a loaded adapter came too late for."""
        self._note(event.node, scene.body(event))

    def _note(self, node: Node, body: Body) -> None:
        casts = self._before.setdefault(node, set())
        if body.cast is not None:
            casts.add(body.cast[0])

    def find(self, body: Body, held: Collection[Node] | None = None) -> Half | None:
        """Return what is float16 among the trained weights of a model, of the adapters `held`."""
        plain = is_of_transformers(body) and not body.escaped
        for adapter in body.active_adapters() if plain else ():
            # Prompts are no part of the base, which may be what was cast.
            known = adapter.in_place is True and adapter.merged is False
            known = known and adapter.trainable is True
            if known and adapter.node in self._before and (held is None or adapter.node in held):
                steps = self._steps(adapter, body)
                if steps:
                    return Half(adapter, steps)
        return None

    def _steps(self, adapter: Adapter, body: Body) -> Steps:
        node, dtype = body.cast or (body.node, None)
        if body.cast is not None and node not in self._before[adapter.node]:
            step = (node, "the cast makes what is trained float16 as well")
            return (step,) if dtype == _HALF else ()
        taken = self._taken.get(adapter.node, [None])
        half = dtype == _HALF if body.cast is not None else loaded_as(body, _HALF) is True
        if taken[0] is None or None in taken or not half:
            return ()
        how = "cast to" if body.cast is not None else "loaded in"
        return ((node, f"the base is {how} float16 here"), (adapter.node, taken[0]))


def _with_the_base(event: Wrapped, scene: Scene) -> str | None:
    """Return in words which trained weights surely get the base's dtype, None where none may."""
    config = event.config
    if config.class_name not in CONFIGS or not event.complete or not config.complete:
        return None
    return _adapter(event, scene) or _copies(event, scene) or _biases(event, config)


def _adapter(event: Wrapped, scene: Scene) -> str | None:
    if event.how in _WITHOUT_CAST:
        return f"`{event.how}` gives the adapter the base's dtype"
    if event.how not in _PEFT_MODELS:
        return None
    for word in event.node.keywords if isinstance(event.node, ast.Call) else ():
        if word.arg == "autocast_adapter_dtype" and scene.constant(word.value) is False:
            return "autocast_adapter_dtype=False leaves the adapter in the base's dtype"
    if event.config.class_name == "LoraConfig" and not scene.machine.target.at_least(
        "peft", "0.12"
    ):
        return "this release of PEFT gives the adapter the base's dtype"
    return None


def _copies(event: Wrapped, scene: Scene) -> str | None:
    """Return which modules of the base are trained as copies: a head, embeddings."""
    config, body = event.config, event.before
    named, added = names_in(config.get("modules_to_save")), added_by_task(event, config, scene)
    built = knowledge.heads(body.family, body.task)
    if named is None or added is None or not is_as_built(body):
        return None
    heads = built.modules if built else ()
    known = (*heads, *_outer(body))
    found = [name for name in known if knowledge.covers(name, (*named, *added))]
    if not found or changes(scene.document, set(found)):
        return None
    by_task = knowledge.covers(found[0], added)
    why = "for its task type" if by_task else "as modules_to_save says"
    return f"`{found[0]}` is copied to be trained, {why}, and keeps the base's dtype"


def _outer(body: Body) -> tuple[str, ...]:
    """Return the output layer and the embedding of a language model, as far as both are used.

    A copy of an embedding that encoder and decoder share is not.
    """
    if body.family is None or body.task not in ("CausalLM", "Seq2SeqLM"):
        return ()
    both = body.task == "CausalLM"
    pairs = ends(body.family)
    names = [out for _, out in pairs] + [embedding for embedding, _ in pairs if both]
    return tuple(name for name in names if has_module(body.family, name) is True)


def _biases(event: Wrapped, config: Config) -> str | None:
    """Return whether biases of the base itself are trained."""
    body, which = event.before, literal(config.get("bias"), "none")
    if config.class_name != "LoraConfig" or which not in ("all", "lora_only"):
        return None
    targets = names_in(config.get("target_modules")) or ()
    if body.family not in BIASED or not is_as_built(body) or "lm_head" in targets:
        return None
    return f"bias={which!r} trains biases of the base itself, in its dtype"


# Words for dtypes with which gradients can be unscaled.
_FULL = frozenset({"float32", "float", "float64", "double", "bfloat16"})


def casts_parts(document: Document, followed: Collection[ast.AST]) -> bool:
    """Return whether the document casts weights of something, in calls that were not `followed`.

    It shows by what is stored in an attribute, or left to a statement of its own: a tensor's
    cast is used.
    """
    for node in document.nodes:
        if isinstance(node, ast.Attribute) and node.attr == "data":
            if isinstance(node.ctx, ast.Store):
                return True
        elif isinstance(node, ast.Expr) or (
            isinstance(node, ast.Assign) and any(isinstance(t, ast.Attribute) for t in node.targets)
        ):
            calls = (one for one in ast.walk(node) if one not in followed)
            if any(isinstance(one, ast.Call) and _casts(one) for one in calls):
                return True
    return False


def _casts(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr in ("to", "type"):
        return any(
            isinstance(part, ast.Attribute) and part.attr in _FULL for part in ast.walk(call)
        )
    return call.func.attr in _FULL


def gives_away(scene: Scene) -> bool:
    """Return whether the document gives parameters or modules of a model to code out of view."""
    return any(
        isinstance(node, ast.Call)
        and _is_out_of_view(node.func, scene)
        and any(map(_draws, node.args))
        for node in scene.document.nodes
    )


def _is_out_of_view(function: ast.expr, scene: Scene) -> bool:
    name = scene.symbol(function)
    return name is not None and not is_familiar(name.partition(".")[0])


def _draws(argument: ast.expr) -> bool:
    return any(
        isinstance(part, ast.Attribute)
        and part.attr in ("parameters", "named_parameters", "modules", "named_modules")
        for part in ast.walk(argument)
    )
