"""Which of the keywords that end up in `**kwargs` a loading or saving method of peft reads."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tools.extract.source import Package

_METHODS = (
    ("peft.peft_model", "PeftModel", ("from_pretrained", "load_adapter", "save_pretrained")),
    ("peft.mixed_model", "PeftMixedModel", ("from_pretrained", "load_adapter")),
    ("peft", "PeftConfig", ("from_pretrained", "save_pretrained")),
    ("peft.auto", "_BaseAutoPeftModel", ("from_pretrained",)),
)


@dataclass
class Keywords:
    """What happens to the keywords in `**kwargs`.

    `reads` are those that have an effect; `hub` says that the parameters of the hub's download
    function have one too, `passed_on` that any may: all of them go to code outside peft.
    """

    reads: set[str] = field(default_factory=set)
    hub: bool = False
    passed_on: bool = False

    def row(self) -> list[str]:
        """Return the names, with `@hub` and `@any` for the two sets that are not listed."""
        marks = ["@hub"] * self.hub + ["@any"] * self.passed_on
        return sorted(self.reads) + marks

    def add(self, other: Keywords) -> None:
        """Take in what another function does with the same keywords."""
        self.reads |= other.reads
        self.hub |= other.hub
        self.passed_on |= other.passed_on


def keywords(package: Package) -> dict[str, list[str]]:
    """Return `Class.method` -> the row of what it reads, for those that take `**kwargs`.

    The class is the one that defines the method.
    """
    found = {}
    for module, owner, methods in _METHODS:
        for name in methods:
            owned = package.method(module, owner, name)
            if owned is not None and owned[1].args.kwarg is not None:
                found[f"{owned[0]}.{name}"] = _read(package, owned[1]).row()
    return found


def _read(package: Package, method: ast.FunctionDef) -> Keywords:
    assert method.args.kwarg is not None
    result = _used(package, method, method.args.kwarg.arg)
    # A parameter of its own never reaches `**kwargs`.
    result.reads -= {argument.arg for argument in [*method.args.args, *method.args.kwonlyargs]}
    return result


def _used(package: Package, function: ast.FunctionDef, word: str) -> Keywords:
    """Return what becomes of the dictionary `word` in `function`."""
    result = Keywords()
    parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    for name in _uses(function, word):
        parent = parents[name]
        above = parents.get(parent)
        if isinstance(parent, ast.Attribute) and isinstance(above, ast.Call):
            if parent.attr in ("get", "pop"):
                result.reads.add(ast.literal_eval(above.args[0]))
            elif parent.attr != "update":
                result.passed_on = True
        elif isinstance(parent, ast.Subscript):
            if isinstance(parent.ctx, ast.Load):
                result.reads.add(ast.literal_eval(parent.slice))
        elif isinstance(parent, ast.Compare) and isinstance(parent.ops[0], ast.In | ast.NotIn):
            result.reads.add(ast.literal_eval(parent.left))
        elif isinstance(parent, ast.keyword) and isinstance(above, ast.Call):
            result.add(_passed_as_keywords(package, above))
        elif isinstance(parent, ast.Call):
            result.add(_passed_as_dictionary(package, parent, word))
        else:
            result.passed_on = True
    return result


def _uses(function: ast.FunctionDef, word: str) -> Iterator[ast.Name]:
    """Yield where the keywords are used, up to where their name means something else."""
    for statement in function.body:
        for node in _walk(statement, word):
            if isinstance(node, ast.Name) and node.id == word and isinstance(node.ctx, ast.Load):
                yield node
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == word:
            return


def _walk(node: ast.AST, word: str) -> Iterator[ast.AST]:
    """Yield a node and all below it, but no function for which `word` is its own parameter."""
    if isinstance(node, ast.FunctionDef) and word in {a.arg for a in node.args.args}:
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, word)


def _passed_as_dictionary(package: Package, call: ast.Call, word: str) -> Keywords:
    """Return what the functions do that `f(..., kwargs)` can mean."""
    name = ast.unparse(call.func).rpartition(".")[2]
    if name == "_split_kwargs":
        return Keywords(_also_split(package), hub=True)
    result = Keywords()
    meant = [f for f in _functions(package, name) if word in {a.arg for a in f.args.args}]
    for function in meant:
        result.add(_used(package, function, word))
    return result if meant else Keywords(passed_on=True)


def _functions(package: Package, name: str) -> Iterator[ast.FunctionDef]:
    for module in package.modules.values():
        if f"def {name}(" in module.text:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.FunctionDef) and node.name == name:
                    yield node


def _passed_as_keywords(package: Package, call: ast.Call) -> Keywords:
    """Return what the callee of `f(..., **kwargs)` does with the keywords."""
    receiver, _, name = ast.unparse(call.func).rpartition(".")
    if name == "load_adapter":
        owner = ("peft.peft_model", "PeftModel")
    elif name == "from_pretrained" and ("CONFIG" in receiver or receiver == "PeftConfig"):
        owner = ("peft", "PeftConfig")
    elif name == "from_pretrained" and "peft_class" in receiver:
        owner = ("peft.peft_model", "PeftModel")
    else:
        return Keywords(hub=name == "hf_hub_download", passed_on=name != "hf_hub_download")
    owned = package.method(*owner, name)
    if owned is None:
        return Keywords(passed_on=True)
    arguments = owned[1].args
    taken = {argument.arg for argument in [*arguments.args, *arguments.kwonlyargs]}
    given = {keyword.arg for keyword in call.keywords}
    positional = {argument.arg for argument in arguments.args[: len(call.args) + 1]}
    result = Keywords(taken - given - positional - {"self", "cls"})
    if arguments.kwarg is not None:
        result.add(_read(package, owned[1]))
    return result


def _also_split(package: Package) -> set[str]:
    """Return the keywords that `_split_kwargs` lets through beside the hub's own."""
    owned = package.method("peft.peft_model", "PeftModel", "_split_kwargs")
    tuples = (n for n in ast.walk(owned[1]) if isinstance(n, ast.Tuple)) if owned else ()
    constants = (e for t in tuples for e in t.elts if isinstance(e, ast.Constant))
    return {constant.value for constant in constants if isinstance(constant.value, str)}


def download_parameters(packages: Iterable[Package]) -> list[str]:
    """Return every parameter that the hub's download function has in some of its releases."""
    found: set[str] = set()
    for package in packages:
        for node in ast.walk(package.modules["huggingface_hub.file_download"].tree):
            if isinstance(node, ast.FunctionDef) and node.name == "hf_hub_download":
                found |= {a.arg for a in [*node.args.args, *node.args.kwonlyargs]}
    return sorted(found)
