"""What the rules on new tokens share: who adds some, and who takes embeddings (A11)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint import knowledge
from peft_lint.interpreter.objects import Adapter, Body, Fact
from peft_lint.interpreter.values import Items, Literal, Value, is_given, literal

# Decoders whose tokenizers come without a token for padding, and how people call a new one.
_WITHOUT_PAD = frozenset(
    "llama mistral mixtral gpt2 gpt_neo gpt_neox gptj falcon phi qwen2 qwen3 stablelm".split()
)
_PADS = frozenset({"[PAD]", "[pad]", "<pad>", "<PAD>", "<|pad|>", "<|PAD|>"})
# Tokens that one family or another has: adding them may change nothing.
_KNOWN = frozenset(
    "<s> </s> <unk> <mask> <bos> <eos> <sep> <cls> [CLS] [SEP] [MASK] [UNK] [BOS] [EOS] "
    "[INST] [/INST] <|endoftext|> <|im_start|> <|im_end|> <|eot_id|> <|begin_of_text|> "
    "<|end_of_text|> <|eom_id|> <|start_header_id|> <|end_header_id|> <start_of_turn> "
    "<end_of_turn> <|user|> <|assistant|> <|system|> <|end|> <tool_call> </tool_call> <think> "
    "</think> <image> <|image|>".split()
)
# Statements whose bodies run whenever they do.
_PLAIN = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.With)
# How the families call the modules that have a row for each token.
EMBEDDINGS = frozenset(
    {
        "embed_tokens",
        "embed_in",
        "embed_out",
        "lm_head",
        "shared",
        "tok_embeddings",
        "word_embeddings",
        "wte",
    }
)

# Keywords with which a base is loaded in another size, or a load may disagree.
SIZES = frozenset({"vocab_size", "config", "ignore_mismatched_sizes"})


def enlarges(family: str | None, tree: ast.Module) -> bool:
    """Return whether the document surely adds tokens: a resize alone may change nothing."""
    if family in _WITHOUT_PAD and any(_adds_padding(node) for node in ast.walk(tree)):
        return True
    return any(True for _ in additions(tree))


def additions(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls, under no condition, that give a tokenizer tokens of the project's own."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _PLAIN):
            waiting += node.body
        call = node.value if isinstance(node, (ast.Expr, ast.Assign)) else None
        if isinstance(call, ast.Call) and given_tokens(call) is not None:
            yield call


def given_tokens(call: ast.Call) -> ast.expr | None:
    """Return the tokens of the project's own that a call gives a tokenizer, None if it is none."""
    if not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr == "add_tokens":
        return call.args[0] if call.args else call.keywords[0].value if call.keywords else call
    if call.func.attr == "add_special_tokens":
        return _entries(call).get("additional_special_tokens")
    return None


def _adds_padding(node: ast.AST) -> bool:
    """Return whether a node is a call that gives a tokenizer a new token for padding."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    token = _entries(node).get("pad_token") if node.func.attr == "add_special_tokens" else None
    return isinstance(token, ast.Constant) and token.value in _PADS


def _entries(call: ast.Call) -> dict[object, ast.expr]:
    """Return the entries of the dict that a call is given."""
    given = call.args[0] if call.args else None
    if not isinstance(given, ast.Dict):
        return {}
    pairs = zip(given.keys, given.values, strict=True)
    return {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}


def is_published(body: Body) -> bool:
    """Return whether a model is a well-known one as it was published, with its own vocabulary.

    Any other may have had the new tokens before.
    """
    source = literal(body.checkpoint)
    known = isinstance(source, str) and knowledge.family(source) is not None
    return known and body.complete and SIZES.isdisjoint(name for name, _ in body.arguments)


def takes_embeddings(adapter: Adapter) -> Fact:
    """Return whether an adapter changes rows of the embeddings, None where its config hides it."""
    config = adapter.config
    if config is None or not config.is_written:
        return None
    tokens = config.get("trainable_token_indices")
    if is_given(tokens):
        return True
    facts = [_names_some(config.get("target_modules")), _names_some(config.get("modules_to_save"))]
    return True if True in facts else None if None in facts else False


def _names_some(value: Value | None) -> Fact:
    """Return whether one of some names of modules is that of the embeddings."""
    if value is None or literal(value, ...) in (None, "all-linear"):
        return False
    if not isinstance(value, Items) or not value.exact:
        return None
    names = [literal(item) for item in value.items if isinstance(item, Literal)]
    if any(isinstance(one, str) and one.rpartition(".")[2] in EMBEDDINGS for one in names):
        return True
    return False if len(names) == len(value.items) and None not in names else None


def surely_new(tokens: ast.expr, tree: ast.Module) -> bool:
    """Return whether the text shows a token that no published vocabulary has."""
    if isinstance(tokens, ast.Constant):
        return isinstance(tokens.value, str) and tokens.value not in _KNOWN | _PADS
    if isinstance(tokens, (ast.List, ast.Tuple, ast.Set)):
        return any(surely_new(one, tree) for one in tokens.elts)
    if isinstance(tokens, (ast.ListComp, ast.SetComp)):
        return isinstance(tokens.elt, ast.JoinedStr)
    if isinstance(tokens, ast.Name):
        values = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and any(isinstance(one, ast.Name) and one.id == tokens.id for one in node.targets)
        ]
        lists = [one for one in values if not isinstance(one, ast.Name)]
        return len(values) == len(lists) > 0 and all(surely_new(one, tree) for one in lists)
    return False
