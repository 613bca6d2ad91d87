"""Tokenizers and processors: which checkpoint they are of, and where they get a pad token (C4)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from peft_lint.events import PadTokenSet, TokenizerMade
from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.objects import Tool
from peft_lint.interpreter.values import NOTHING_KNOWN, Entries, Value
from peft_lint.library.registry import method

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call

_TOKENIZER = "tokenizer"


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


@method(Tool, "pad_token=", "pad_token_id=")
def set_pad_token(call: Call) -> Value:
    """Model `tokenizer.pad_token = …`."""
    state, statement = call.machine.world.state(call.receiver), call.machine.statement
    if isinstance(state, Tool) and state.kind == _TOKENIZER and isinstance(statement, ast.Assign):
        target = statement.targets[0]
        owner = target.value if isinstance(target, ast.Attribute) else None
        call.machine.emit(PadTokenSet(statement, state.node, owner, call.args[0]))
    return NOTHING_KNOWN


@method(Tool, "add_special_tokens")
def add_special_tokens(call: Call) -> Value:
    """Model `tokenizer.add_special_tokens({"pad_token": "[PAD]"})`."""
    state = call.machine.world.state(call.receiver)
    tokens = call.get(0, "special_tokens_dict")
    token = tokens.get("pad_token") if isinstance(tokens, Entries) else None
    if isinstance(state, Tool) and state.kind == _TOKENIZER and token is not None:
        function = call.node.func
        owner = function.value if isinstance(function, ast.Attribute) else None
        call.machine.emit(PadTokenSet(call.node, state.node, owner, token))
    return result_of(call.machine, NOTHING_KNOWN, call)
