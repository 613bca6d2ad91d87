"""What happened to a model, in the words of the domain; rules subscribe to these.

Every event happens at `node`, on one world; that of a model to the handle with the id `handle`.
"""

from __future__ import annotations

import ast

from peft_lint.interpreter.objects import Arguments, Body, Config, Fact, Node, Optimizer
from peft_lint.interpreter.values import Value
from peft_lint.lean import Record

Keywords = tuple[tuple[str, Value], ...]


class Wrapped(Record):
    """A fresh adapter was put on a body: `get_peft_model`, `add_adapter`, `peft_config=`.

    `base` is the handle that was wrapped. `base_node` and `config_node` are the arguments as
    the call spells them, None where it does not. `how` is the function's name. `before` is
    the body as it was, `fresh_base` whether it surely carried nothing. `complete` as of calls.
    """

    node: Node
    handle: int
    base: int
    config: Config
    base_node: ast.expr | None
    config_node: ast.expr | None
    how: str
    before: Body
    fresh_base: bool
    complete: bool


class ModelLoaded(Record):
    """A plain model was loaded by a class of transformers."""

    node: Node
    handle: int


class AdapterLoaded(Record):
    """An adapter's trained weights were put on the body.

    `how` is the function's name, with its class where it is a constructor. `keywords` are
    the named arguments of the call. `source` is the path or id, if the call says one.
    """

    node: Node
    handle: int
    how: str
    keywords: Keywords = ()
    source: Value | None = None
    source_node: ast.expr | None = None


class Activated(Record):
    """Adapters were chosen by `set_adapter`; the body says which, None where the text does not."""

    node: Node
    handle: int


class Mixed(Record):
    """Adapters were mixed into a new one; `parts` are their names, None if not all are known."""

    node: Node
    handle: int
    parts: tuple[str, ...] | None


class Enclosed(Record):
    """A PeftModel was put around a base, by a call that spells the base as its first argument.

    `base` is the handle inside, `base_node` the argument. `before` is the body as it was.
    `config` is the new adapter's, None where it is loaded from `source`.
    """

    node: Node
    handle: int
    base: int
    base_node: ast.expr | None
    before: Body
    how: str
    config: Config | None = None
    source: Value | None = None
    source_node: ast.expr | None = None


class Constructed(Record):
    """A PeftModel class itself was called with what its `from_pretrained` takes; this raises."""

    node: Node
    handle: int
    class_name: str


class StateDictLoaded(Record):
    """Weights were loaded by name: `load_state_dict`.

    `weights` are what it was given, `strict` is whether each name had to match. The body is as
    it was before.
    """

    node: Node
    handle: int
    weights: Value | None = None
    strict: Fact = True


class Escaped(Record):
    """The model was given to code out of view, which may have done anything to it."""

    node: Node
    handle: int


class StateDictRead(Record):
    """The weights were asked for by name: `state_dict()`."""

    node: Node
    handle: int


class StateDictReplaced(Record):
    """The method `state_dict` of the model was replaced by assignment, or `del` took it back.

    `value` is what the statement assigns, None for `del`, `setattr` and `delattr`.
    """

    node: ast.stmt
    handle: int
    value: ast.expr | None


class EvalCalled(Record):
    """`.eval()` was called."""

    node: Node
    handle: int


class Compiled(Record):
    """`torch.compile` gave a compiled form of the model; the handle stands for both."""

    node: Node
    handle: int


class Accelerated(Record):
    """`accelerator.prepare` took the model: what comes back is a wrapper in several processes."""

    node: Node
    handle: int


class WeightsRead(Record):
    """`get_peft_model_state_dict` read an adapter's weights; `named` when the call says which."""

    node: Node
    handle: int
    named: bool


class NoOp(Record):
    """A statement looks as if it changed the model, and does not.

    `how` is "disable_adapter" for the call that nothing enters, "eval" and "train" for
    methods that are not called, "training" and "active_adapter" for the attributes that are
    assigned, with the `value`.
    """

    node: Node
    handle: int
    how: str
    value: Value | None = None


class ForeignCalled(Record):
    """A method was called that only models of the library `adapters` have."""

    node: Node
    handle: int
    name: str


class Trained(Record):
    """Weights of the body changed or may have: a trainer ran, or `backward` did.

    `how` is "trainer" or "backward". `trainer` is the id of the trainer of transformers or
    TRL that ran. `own_loss` when `backward` is called on the loss that the model itself
    returned: gradients for something else may come from any other.
    """

    node: Node
    handle: int
    how: str
    trainer: int | None = None
    own_loss: bool = False


class Stepped(Record):
    """An optimizer that holds parameters of the model took a step."""

    node: Node
    handle: int
    optimizer: Optimizer


class Prepared(Record):
    """The model was prepared for k-bit training, which freezes all; `before` is its body then."""

    node: Node
    handle: int
    before: Body
    model_node: ast.expr | None


class Inference(Record):
    """A model answered without being trained.

    `how` is "generate", "forward" or "pipeline". `receiver` is the expression whose method
    or call it is. `sampling` tells whether tokens are drawn at random, None if unknown.
    `streams` when a streamer shows the answer to a person. `keywords` are the named arguments.
    """

    node: Node
    handle: int
    how: str
    receiver: ast.expr | None
    sampling: bool | None
    streams: bool = False
    keywords: Keywords = ()


class Merged(Record):
    """The adapters were merged into the base."""

    node: Node
    handle: int


class Saved(Record):
    """The model was saved or pushed; `path` is where to, if the call says.

    `how` is the method's name, or "torch.save" for whatever writes a file by hand: then
    `weights` are what is in it. `keywords` are the named arguments of a method of the model.
    """

    node: Node
    handle: int
    path: Value | None
    how: str
    keywords: Keywords = ()
    weights: Value | None = None

    @property
    def in_folder(self) -> bool:
        """Whether the model or a trainer writes a folder."""
        return self.how in ("save_pretrained", "save_model")

    @property
    def by_method(self) -> bool:
        """Whether the model or a trainer writes a folder, or a repository on the hub."""
        return self.in_folder or self.how == "push_to_hub"


class ConfigSaved(Record):
    """The config of the model itself was saved, `model.config.save_pretrained(path)`."""

    node: Node
    handle: int
    path: Value | None


class Converted(Record):
    """The model went through `to`, `half`, `cuda` or the like; `given` are the arguments."""

    node: Node
    handle: int
    how: str
    given: tuple[Value, ...]


class ParametersTouched(Record):
    """The code went through the parameters, or froze or saved them, by itself.

    `on` is whether all of them can be trained from then on, None where that is not said.
    """

    node: Node
    handle: int
    on: Fact = None


class Resized(Record):
    """The model gets another vocabulary: `resize_token_embeddings`; `before` is its body then."""

    node: ast.Call
    handle: int
    before: Body


class ConfigMade(Record):
    """An adapter config is written in the text: `LoraConfig(...)`."""

    node: ast.Call
    config: Config


class ConfigUsed(Record):
    """An adapter config met a model, or was returned to code out of view.

    Until then it may be edited. `model` is the id of the handle that gets the adapter, None
    for a config that is returned; `how` is as in Wrapped, "return" for that.
    """

    node: Node
    config: Config
    how: str
    model: int | None


class ArgumentsSwapped(Record):
    """A function of PEFT's got its first two arguments in the wrong order, and raises."""

    node: ast.Call
    how: str


class SettingsMade(Record):
    """Training arguments, or settings of a quantisation or of a generation, are made."""

    node: ast.Call
    settings: Arguments


class TrainerMade(Record):
    """A trainer of transformers or TRL is made; what it is given is as it was before.

    `model` is the id of the model's handle, None where there is none in view, `model_node` the
    argument. `args` and `keywords` are the call's, `complete` as of calls. `wraps` is whether
    it may put an adapter on the model itself, by a `peft_config`.
    """

    node: ast.Call
    model: int | None
    model_node: ast.expr | None
    wraps: bool
    class_name: str
    library: str
    args: tuple[Value, ...]
    keywords: Keywords
    complete: bool


class LoraChanged(Record):
    """A method of a pipeline of diffusers changed the LoRA weights in it, `how` is its name.

    `fused` is the call that fused them into the weights of the pipeline before, `lost` the one
    that unloaded them since, without taking them out. `used` is whether the pipeline made images
    before that, `again` whether this very call has loaded into the pipeline before.
    """

    node: ast.Call
    how: str
    fused: ast.expr | None
    lost: ast.expr | None
    used: bool
    again: bool


class TokenizerMade(Record):
    """A tokenizer or processor is loaded; `source` is the path or id, if the call says one."""

    node: ast.Call
    source: Value | None


class PadTokenSet(Record):
    """A tokenizer gets a padding token, or its id.

    `tokenizer` is the call that made it, `owner` the expression that the statement spells it
    by, None where it is that call itself. `token` is None where it may get any, `is_end` tells
    that it is the tokenizer's own end token.
    """

    node: Node
    tokenizer: ast.Call
    owner: ast.expr | None
    token: Value | None
    is_end: bool = False


ModelEvent = (
    ModelLoaded
    | Wrapped
    | AdapterLoaded
    | Activated
    | Mixed
    | Constructed
    | StateDictLoaded
    | StateDictRead
    | StateDictReplaced
    | Escaped
    | Enclosed
    | EvalCalled
    | Compiled
    | Accelerated
    | WeightsRead
    | NoOp
    | ForeignCalled
    | Trained
    | Stepped
    | Prepared
    | Inference
    | Merged
    | Saved
    | ConfigSaved
    | Converted
    | ParametersTouched
    | Resized
)
Event = (
    ModelEvent
    | ConfigMade
    | ConfigUsed
    | ArgumentsSwapped
    | SettingsMade
    | TrainerMade
    | TokenizerMade
    | PadTokenSet
    | LoraChanged
)
# The method by which a rule hears of each kind of event.
HANDLERS: dict[str, type[Event]] = {
    "on_model_loaded": ModelLoaded,
    "on_wrapped": Wrapped,
    "on_adapter_loaded": AdapterLoaded,
    "on_activated": Activated,
    "on_mixed": Mixed,
    "on_constructed": Constructed,
    "on_state_dict_loaded": StateDictLoaded,
    "on_state_dict_read": StateDictRead,
    "on_state_dict_replaced": StateDictReplaced,
    "on_escaped": Escaped,
    "on_enclosed": Enclosed,
    "on_eval_called": EvalCalled,
    "on_compiled": Compiled,
    "on_accelerated": Accelerated,
    "on_weights_read": WeightsRead,
    "on_no_op": NoOp,
    "on_foreign_called": ForeignCalled,
    "on_trained": Trained,
    "on_stepped": Stepped,
    "on_prepared": Prepared,
    "on_inference": Inference,
    "on_merged": Merged,
    "on_saved": Saved,
    "on_config_saved": ConfigSaved,
    "on_converted": Converted,
    "on_parameters_touched": ParametersTouched,
    "on_resized": Resized,
    "on_config_made": ConfigMade,
    "on_config_used": ConfigUsed,
    "on_arguments_swapped": ArgumentsSwapped,
    "on_settings_made": SettingsMade,
    "on_pad_token_set": PadTokenSet,
    "on_trainer_made": TrainerMade,
    "on_lora_changed": LoraChanged,
    "on_tokenizer_made": TokenizerMade,
}
