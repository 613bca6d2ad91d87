"""How PEF403 is fixed: what takes the model's parameters changes places with the wrap."""

from __future__ import annotations

import ast

from peft_lint.document import Document
from peft_lint.finding import Applicability
from peft_lint.interpreter.objects import Adapter
from peft_lint.lean import TYPE_CHECKING
from peft_lint.locations import locate
from peft_lint.names import variables
from peft_lint.suspicion import NoFix, Proposal

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

# Further apart, the two are no neighbours that only change places.
_FAR = 8


def proposals(made: ast.Call, adapter: Adapter, document: Document) -> tuple[Proposal, ...]:
    """Propose to make the optimizer, or the list that it is given, after the adapter."""
    location, other = locate(document.tree, made), locate(document.tree, adapter.node)
    block, wrap = location.blocks[-1].body, other.statement
    given = made.args[0] if made.args else None
    if other.blocks[-1].body is not block or given is None:
        return ()
    if isinstance(given, ast.Name):
        first, title = _kept(given.id, document), "Take the parameters after the wrap"
        source = first.value if isinstance(first, ast.Assign) else None
    else:
        first, title = location.statement, "Make the optimizer after the model has its adapter"
        source = given if isinstance(first, ast.Assign) and first.value is made else None
    model = _model(source)
    if model is None or first not in block or not _reaches(model, wrap, adapter):
        return ()
    moved = block[block.index(first) : block.index(wrap) + 1]
    if not 1 < len(moved) <= _FAR + 1 or not _movable(moved, model, document):
        return ()
    return (Proposal(title, Applicability.SAFE, Rotate(moved), tuple(moved)),)


def _kept(name: str, document: Document) -> ast.stmt | None:
    """Return the statement that binds a name which a document asks for once, and binds once."""
    found = [one for one in document.nodes if isinstance(one, ast.Name) and one.id == name]
    stores = [one for one in found if isinstance(one.ctx, ast.Store)]
    only = len(found) == 2 and len(stores) == 1
    return locate(document.tree, stores[0]).statement if only else None


def _model(source: ast.expr | None) -> str | None:
    """Return the name of the model of which all parameters, or all that can be trained, are taken.

    None for those that are chosen otherwise: the wrap changes their names.
    """
    if isinstance(source, (ast.ListComp, ast.GeneratorExp)) and len(source.generators) == 1:
        (part,) = source.generators
        target = part.target.elts[-1] if isinstance(part.target, ast.Tuple) else part.target
        taken = ast.unparse(target)
        tests = {ast.unparse(test) for test in part.ifs}
        plain = ast.unparse(source.elt) == taken and tests <= {f"{taken}.requires_grad"}
        return _model(part.iter) if plain else None
    if not isinstance(source, ast.Call):
        return None
    if isinstance(source.func, ast.Name) and source.func.id == "list" and len(source.args) == 1:
        return _model(source.args[0])
    method = source.func
    if not isinstance(method, ast.Attribute) or not isinstance(method.value, ast.Name):
        return None
    return method.value.id if method.attr in ("parameters", "named_parameters") else None


def _reaches(model: str, wrap: ast.stmt, adapter: Adapter) -> bool:
    """Return whether the adapter's parameters are the model's, asked by that name after the wrap.

    Those of prompt learning are the wrapper's alone.
    """
    return adapter.in_place is True or model in _bound(wrap)


def _movable(statements: list[ast.stmt], model: str, document: Document) -> bool:
    """Return whether the first of some statements can be the last, and nothing else changes."""
    first, *others = statements
    *between, wrap = others
    if not all(isinstance(one, (ast.Assign, ast.Expr)) for one in statements):
        return False
    if not isinstance(first, ast.Assign) or not isinstance(first.targets[0], ast.Name):
        return False
    whole = document.text[document.span(first).start : document.span(wrap).end]
    used = variables(*others)
    bound = {name for one in between for name in _bound(one)} | (_bound(wrap) - {model})
    lines = {one.lineno for one in statements}
    return (
        len(lines) == len(statements)
        and "#" not in whole
        and len(first.targets) == 1
        and first.targets[0].id not in used
        and not bound & variables(first.value)
        and model in variables(wrap)
    )


def _bound(statement: ast.stmt) -> set[str]:
    names = (one for one in ast.walk(statement) if isinstance(one, ast.Name))
    return {one.id for one in names if not isinstance(one.ctx, ast.Load)}


class Rotate:
    """Write the first of some statements after all the others."""

    def __init__(self, statements: list[ast.stmt]) -> None:
        self._statements = statements

    def leave_Assign(
        self, original: cst.CSTNode, updated: cst.CSTNode, rewriting: Rewriting
    ) -> cst.CSTNode:
        """Write the next statement in place of each, and the first in place of the last."""
        import libcst as cst

        at = self._statements.index(rewriting.target)  # type: ignore[arg-type]
        next_one = self._statements[(at + 1) % len(self._statements)]
        parsed = cst.parse_statement(rewriting.source(next_one))
        if not isinstance(parsed, cst.SimpleStatementLine):
            raise NoFix("no simple statement")
        return parsed.body[0]

    leave_Expr = leave_Assign
