"""Which names in a config's `target_modules` no module of the model has."""

from __future__ import annotations

import ast
from collections.abc import Collection

from peft_lint.document import Document
from peft_lint.events import Wrapped
from peft_lint.interpreter.objects import Body, Node
from peft_lint.interpreter.values import Items, Value, is_given, literal
from peft_lint.lean import Record
from peft_lint.scene import Scene

FIELD = "target_modules"
# Configs whose lists PEFT compares with the ends of module names.
CONFIGS = frozenset(
    "LoraConfig AdaLoraConfig LoHaConfig LoKrConfig OFTConfig BOFTConfig IA3Config VeraConfig "
    "FourierFTConfig HRAConfig VBLoRAConfig RandLoraConfig LNTuningConfig MissConfig".split()
)
# With these the modules may be others than those of the family.
_OTHER_MODULES = ("config", "trust_remote_code", "gguf_file", "subfolder")
_ADDING = (
    *("add_module", "register_module", "set_submodule", "setattr"),
    *("set_input_embeddings", "set_output_embeddings"),
)
# Families whose module names people know by heart, the best known first.
_WELL_KNOWN = (
    *("llama", "gpt2", "gpt_neox", "bert", "t5", "opt", "bloom", "falcon", "mpt", "phi", "phi3"),
    *("gptj", "gpt_bigcode", "mixtral", "qwen2_moe", "bart", "roberta", "distilbert", "deberta-v2"),
    *("vit", "swin", "whisper", "wav2vec2", "clip"),
)


class Targets(Record):
    """The names of a list, those that the family has no module for, and where it stands.

    `origin` is a well-known family that has all of the names, None where none does.
    """

    family: str
    names: tuple[str, ...]
    dead: tuple[str, ...]
    spelled: ast.expr | None
    anchor: Node
    origin: str | None


def look_up(event: Wrapped, scene: Scene) -> Targets | None:
    """Return what is known of a config's targets, None where the model may have others."""
    config, body = event.config, event.before
    texts = names_in(config.get(FIELD))
    if config.class_name not in CONFIGS or not texts or not is_as_built(body):
        return None
    dead = tuple(name for name in texts if has(body.family, name, scene) is False)
    if not dead or changes(scene.document, {name.rpartition(".")[2] for name in dead}):
        return None
    spelled = config.expression(FIELD)
    origin = next((f for f in _WELL_KNOWN if all(has(f, name, scene) for name in texts)), None)
    return Targets(body.family or "", texts, dead, spelled, spelled or config.node, origin)


def meant_module(family: str, name: str, scene: Scene) -> str | None:
    """Return the linear module of a family that a name is a slip of the pen for, None if none.

    What another family calls its modules is no slip: `k_proj` is one letter from `o_proj`.
    """
    from peft_lint.knowledge.modules import modules
    from peft_lint.knowledge.spellings import is_slip

    found = modules(family)
    if found is None or any(has(known, name, scene) for known in _WELL_KNOWN):
        return None
    linear = {text.rpartition(".")[2] for text in found.linear}
    near = [module for module in linear if len(module) > 4 and is_slip(name, module)]
    return near[0] if len(near) == 1 else None


def names_in(value: Value | None) -> tuple[str, ...] | None:
    """Return a list of names, () where there is none, None when the text does not say them all."""
    if not is_given(value):
        return ()
    if isinstance(value, Items) and value.exact:
        names = [literal(item) for item in value.items]
        texts = tuple(name for name in names if isinstance(name, str))
        return texts if len(texts) == len(names) else None
    return None


def is_plain(name: str) -> bool:
    """Return whether a name holds no sign of a regular expression but dots."""
    return name.replace("_", "").replace(".", "").isalnum()


def is_end(name: str, *layers: str) -> bool:
    """Return whether a name in a list is that of one of some layers, as PEFT compares them."""
    return any(f".{layer}".endswith(f".{name}") for layer in layers)


def is_as_built(body: Body) -> bool:
    """Return whether a model surely has the modules of its family, and no others."""
    given = dict(body.arguments)
    plain = all(literal(given[name], ...) is False for name in _OTHER_MODULES if name in given)
    # New modules make it unknown what else can be trained.
    untouched = not body.escaped and body.adapters == () and body.others is not None
    return body.complete and untouched and plain


def changes(document: Document, names: Collection[str]) -> bool:
    """Return whether the document may put modules of these names into a model."""
    imported = _imported(document)
    for node in document.nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            # What replaces a block by its number may hold anything, and so may a class that is
            # put into a module of transformers: `modeling_llama.LlamaAttention = …`.
            made = node.attr in names or isinstance(node.value, ast.Subscript)
            made = made or (node.attr != "forward" and _root(node) in imported)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            # `parent._modules["gate"] = …`
            made = node.slice.value in names
        elif isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            said = [one.value for one in node.args if isinstance(one, ast.Constant)]
            made = called in _ADDING and (not said or any(one in names for one in said))
        else:
            made = False
        if made:
            return True
    return False


def _imported(document: Document) -> set[str]:
    """Return the names that the document has from transformers."""
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in document.outline.imports
        for alias in node.names
        if (getattr(node, "module", "") or alias.name).partition(".")[0] == "transformers"
    }


def _root(node: ast.Attribute) -> str:
    """Return the name that an attribute is reached from, empty where it is from none."""
    owner = node.value
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    return owner.id if isinstance(owner, ast.Name) else ""


def has(family: str | None, name: str, scene: Scene) -> bool | None:
    """Return whether the models of a family have such a module, None where that is not known."""
    from peft_lint.knowledge.modules import has_module

    target = scene.machine.target
    release = target.release("transformers") if target.bounded("transformers") else None
    # A pattern in a list is another mistake.
    return has_module(family, name, release) if is_plain(name) else None
