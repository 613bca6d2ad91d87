"""What unsloth's loaders and switches do to a world (source: unsloth 2026.10.9)."""

from __future__ import annotations

from functools import partial

from peft_lint import knowledge
from peft_lint.interpreter.objects import Body, Config, Kind, Tool
from peft_lint.interpreter.values import NOTHING_KNOWN, Items, Literal, Value, literal
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.arguments import make_arguments
from peft_lint.library.handles import base_handle, change_body, new_model, set_mode, untouched
from peft_lint.library.inference import EVALUATES_ITSELF
from peft_lint.library.models import switch_to_eval
from peft_lint.library.registry import RESOLVERS, WORDS, FunctionModel, function, words
from peft_lint.library.trainer import construct
from peft_lint.library.transformers import quantised
from peft_lint.library.wrapping import wrap

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call

# Parameters of its get_peft_model that go into a LoraConfig; the others are its own.
_LORA_FIELDS = frozenset(
    words(
        "r target_modules lora_alpha lora_dropout bias layers_to_transform layers_pattern "
        "use_rslora modules_to_save init_lora_weights loftq_config target_parameters"
    )
)


def _resolve(name: str) -> FunctionModel | None:
    _, owner, *attribute = name.split(".")
    if owner in EVALUATES_ITSELF and len(attribute) == 1:
        model = _METHODS.get(attribute[0])
        return partial(model, class_name=owner) if model else None
    if owner == "UnslothTrainer" and not attribute:
        # trainer.py: a subclass of SFTTrainer.
        return partial(construct, class_name=owner, library="trl")
    if owner == "UnslothTrainingArguments" and not attribute:
        return partial(make_arguments, class_name=owner)
    return None


RESOLVERS["unsloth"] = _resolve
WORDS.update(EVALUATES_ITSELF)


def _from_pretrained(call: Call, class_name: str) -> Value:
    """Model the pair of model and tokenizer.

    models/loader.py: 4-bit unless told otherwise; an id that is an adapter's gives a base and
    `PeftModel.from_pretrained(…, is_trainable=True)`, so only ids of its own are surely bases.
    """
    checkpoint = call.get(0, "model_name")
    name = literal(checkpoint)
    is_base = isinstance(name, str) and name.startswith("unsloth/")
    family = knowledge.family(name) if isinstance(name, str) else None
    body = Body(
        node=call.node,
        model_class=class_name,
        checkpoint=checkpoint,
        family=family,
        arguments=call.keywords,
        complete=False,
        training=False,
        dropout=knowledge.dropout(family, None),
        quantised=quantised(call, default=True),
        adapters=() if is_base else None,
        active=() if is_base else None,
        steps=((call.node, "the model is loaded here, in eval mode"),),
    )
    model = new_model(call.machine, body, False)
    return Items("tuple", (model, call.machine.world.add(Tool(call.node, "tokenizer"))))


def _get_peft_model(call: Call, class_name: str) -> Value:
    """Model `get_peft_model(model, r=…, …)`: PEFT's, on a LoraConfig of its own keywords.

    models/llama.py `get_peft_model`: seeds with `random_state`, and hands a model that is
    wrapped already back as it is; `lora_dropout` is 0.
    """
    machine = call.machine
    ref, handle, _ = base_handle(call, call.get(0, "model"))
    machine.world.seeded = True
    if handle.kind is not Kind.PLAIN:
        return ref
    fields = [(name, value) for name, value in call.keywords if name in _LORA_FIELDS]
    if call.complete and len(call.args) < 2:
        given = {name for name, _ in fields}
        defaults = {"lora_dropout": Literal((0.0,)), "init_lora_weights": Literal((True,))}
        fields += [(name, value) for name, value in defaults.items() if name not in given]
    config = Config(call.node, "LoraConfig", tuple(fields), complete=False)
    return wrap(call, ref, config, "unsloth", None)


def _for_inference(call: Call, class_name: str) -> Value:
    """Model `for_inference(model)`: all modules in eval mode, no gradient checkpointing.

    models/_utils.py `switch_training_mode`.
    """
    ref, _, _ = base_handle(call, call.get(0, "model"))
    switch_to_eval(call, ref)
    return ref


def _for_training(call: Call, class_name: str) -> Value:
    """Model `for_training(model)`: all modules in train mode."""
    ref, handle, _ = base_handle(call, call.get(0, "model"))
    set_mode(call.machine, ref, True)
    change_body(call.machine, handle, mode_call=call.node)
    return ref


_METHODS = {
    "from_pretrained": _from_pretrained,
    "get_peft_model": _get_peft_model,
    "for_inference": _for_inference,
    "for_training": _for_training,
}


@function("unsloth.train_on_responses_only", creates=False)
def train_on_responses_only(call: Call) -> Value:
    """Model the change of a trainer's collator: the same trainer comes back."""
    return call.get(0, "trainer") or NOTHING_KNOWN


_READERS = words("is_bfloat16_supported get_chat_template standardize_sharegpt to_sharegpt")


# They have nothing to do with a model.
function(*(f"unsloth.{name}" for name in _READERS), creates=False)(untouched)
