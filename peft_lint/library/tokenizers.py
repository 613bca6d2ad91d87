"""Tokenizers and processors: whose they are, and which token they pad with (C3, C4)."""

from __future__ import annotations

import ast

from peft_lint.events import PadTokenSet, TokenizerMade
from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.objects import Tool
from peft_lint.interpreter.values import NOTHING_KNOWN, Bound, Entries, Value
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.registry import OBJECT_CALLS, method, words

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call

_TOKENIZER = "tokenizer"
_ENDS = ("eos_token", "eos_token_id")
_KEEP = words(
    "encode decode batch_decode batch_encode_plus encode_plus apply_chat_template pad tokenize "
    "convert_tokens_to_ids convert_ids_to_tokens convert_tokens_to_string get_vocab add_tokens "
    "build_inputs_with_special_tokens save_pretrained push_to_hub"
)


def tokenizer(call: Call) -> Value:
    """Model a tokenizer or processor: it holds no model.

    Its pad token is told, and not kept in the world: it would keep apart the two sides of
    the `if tokenizer.pad_token is None` that most scripts have.
    """
    source = call.get(0, "pretrained_model_name_or_path")
    call.machine.emit(TokenizerMade(call.node, source))
    token = call.get(None, "pad_token")
    if token is not None:
        call.machine.emit(PadTokenSet(call.node, call.node, None, token))
    return call.machine.world.add(Tool(call.node, _TOKENIZER))


@method(Tool, *_KEEP)
def keep(call: Call) -> Value:
    """Model what a tokenizer does with a text, which leaves it as it is; not so another tool."""
    state = call.machine.world.state(call.receiver)
    if not isinstance(state, Tool) or state.kind != _TOKENIZER:
        for value in (call.receiver or NOTHING_KNOWN, *call.values()):
            call.machine.escape(value)
    return result_of(call.machine, NOTHING_KNOWN, call)


OBJECT_CALLS[Tool] = keep


@method(Tool, "pad_token=", "pad_token_id=")
def set_pad_token(call: Call) -> Value:
    """Model `tokenizer.pad_token = …`."""
    _tell(call, call.args[0])
    return NOTHING_KNOWN


@method(Tool, "eos_token=", "eos_token_id=")
def set_end_token(call: Call) -> Value:
    """Model `tokenizer.eos_token = …`: what it pads with may be its end token no more."""
    _tell(call, None)
    return NOTHING_KNOWN


@method(Tool, "add_special_tokens")
def add_special_tokens(call: Call) -> Value:
    """Model `tokenizer.add_special_tokens({"pad_token": "[PAD]"})`."""
    tokens = call.get(0, "special_tokens_dict")
    token = tokens.get("pad_token") if isinstance(tokens, Entries) else None
    known = isinstance(tokens, Entries) and tokens.exact and tokens.get("eos_token") is None
    if token is not None or not known:
        _tell(call, token)
    return result_of(call.machine, NOTHING_KNOWN, call)


def _tell(call: Call, token: Value | None) -> None:
    """Tell of the token, with the expression that spells the tokenizer."""
    state, statement = call.machine.world.state(call.receiver), call.machine.statement
    if not isinstance(state, Tool) or state.kind != _TOKENIZER or statement is None:
        return
    place = statement.targets[0] if isinstance(statement, ast.Assign) else call.node.func
    owner = place.value if isinstance(place, ast.Attribute) else None
    own = isinstance(token, Bound) and token.receiver == call.receiver
    is_end = own and isinstance(token, Bound) and token.function in _ENDS
    node = statement if isinstance(statement, ast.Assign) else call.node
    call.machine.emit(PadTokenSet(node, state.node, owner, token, is_end))
