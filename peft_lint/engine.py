"""One document through the whole line: scope gate, interpreter, rules, visitors, findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from peft_lint import scope
from peft_lint.document import Document
from peft_lint.finding import Finding, Fix, Span
from peft_lint.lean import TYPE_CHECKING, Record
from peft_lint.rulebook import RuleInfo
from peft_lint.suspicion import Suspicion
from peft_lint.versions import Target

if TYPE_CHECKING:
    from peft_lint.events import Event


class Analysis(Record):
    """What one document gave.

    `findings` are sorted by place, before suppressions. `dependencies` are the paths of
    other files that the result rests on, whether they exist or not. `in_scope` is False
    where the scope gate stopped.
    """

    findings: tuple[Finding, ...]
    dependencies: tuple[str, ...] = ()
    in_scope: bool = True


def analyse(document: Document, rules: Sequence[RuleInfo], target: Target) -> Analysis:
    """Analyse one document with the given rules; raise DocumentError if it cannot be parsed."""
    if not scope.admits(document.text.encode("utf-8", "surrogatepass")):
        return Analysis((), in_scope=False)
    findings, asked = _examine(document, rules, target)
    return Analysis(tuple(findings), (*target.dependencies, *asked))


def find(document: Document, rules: Sequence[RuleInfo], target: Target) -> list[Finding]:
    """Analyse a document without asking the scope gate."""
    findings, _ = _examine(document, rules, target)
    return findings


def _examine(
    document: Document, rules: Sequence[RuleInfo], target: Target
) -> tuple[list[Finding], Sequence[str]]:
    """Return what is found in a document, and the files beside it that were asked for."""
    # A document that is not Python is an error even where no rule would look at it.
    wanted = _applying(rules, document, target) if document.tree.body else []
    if not wanted:
        return [], ()
    suspicions, asked = _suspect(document, wanted, target)
    if not suspicions:
        return [], asked
    return _findings(document, suspicions, {rule.code: rule for rule in wanted}), asked


def _applying(rules: Sequence[RuleInfo], document: Document, target: Target) -> list[RuleInfo]:
    """Return the rules that have a word in the code, and are about releases that may be used."""
    outline = document.outline
    # Many rules share a word.
    says = cache(outline.says)
    return [
        rule
        for rule in rules
        if rule.module
        and any(map(says, rule.words))
        and all(target.allows(library, spec) for library, spec in rule.libraries.items())
    ]


def _suspect(
    document: Document, rules: Sequence[RuleInfo], target: Target
) -> tuple[list[Suspicion], Sequence[str]]:
    """Interpret the document; return what the rules suspect, and the files asked for."""
    from importlib import import_module

    from peft_lint.interpreter.machine import Machine
    from peft_lint.interpreter.run import interpret, machine_for
    from peft_lint.scene import Scene

    active = [import_module(rule.module).Rule() for rule in rules]
    handlers: dict[type[Event], list[Callable[..., None]]] = {}
    for info, rule in zip(rules, active, strict=True):
        for name, kind in _handled(info.module):
            handlers.setdefault(kind, []).append(getattr(rule, name))

    def listen(event: Event, machine: Machine) -> None:
        scene = Scene(machine)
        for handler in handlers.get(type(event), ()):
            handler(event, scene)

    machine = machine_for(document, target, listen)
    # Every event is about an object, or its settings, which some word has to make.
    if machine.code.makes:
        interpret(machine)
    found = [suspicion for rule in active for suspicion in rule.finish(Scene(machine))]
    yields = {rule.code: rule.yields_to for rule in rules}
    return _one_per_cause(found, yields), machine.project.asked


@cache
def _handled(module: str) -> list[tuple[str, type[Event]]]:
    """Return the names of a rule's handlers, with the events that they hear."""
    from importlib import import_module

    from peft_lint.events import HANDLERS

    rule = import_module(module).Rule
    return [(name, event) for name, event in HANDLERS.items() if hasattr(rule, name)]


def _one_per_cause(
    suspicions: list[Suspicion], yields: dict[str, tuple[str, ...]]
) -> list[Suspicion]:
    """Keep one suspicion per rule and anchor, and none that yields to another on its cause."""
    shortest: dict[tuple[str, object], Suspicion] = {}
    for suspicion in suspicions:
        place = (suspicion.code, suspicion.anchor)
        other = shortest.get(place)
        if other is None or len(suspicion.story) < len(other.story):
            shortest[place] = suspicion
    kept = list(shortest.values())
    causes = {(suspicion.code, suspicion.cause) for suspicion in kept}
    return [
        suspicion
        for suspicion in kept
        if not any((code, suspicion.cause) in causes for code in yields[suspicion.code])
    ]


def _findings(
    document: Document, suspicions: list[Suspicion], rules: dict[str, RuleInfo]
) -> list[Finding]:
    """Let the visitors flag and rewrite, and write down what is left."""
    import hashlib
    from collections import Counter

    from peft_lint.finding import Step
    from peft_lint.syntax.driver import flag

    findings: list[Finding] = []
    seen: Counter[str] = Counter()
    flagged = flag(document, suspicions)
    flagged.sort(key=lambda one: (one.span, one.suspicion.code))
    for one in flagged:
        suspicion = one.suspicion
        story = tuple(Step(document.span(node), words) for node, words in suspicion.story)
        statement = " ".join(document.text[one.statement.start : one.statement.end].split())
        scope_name = _qualified_name(document, one.span)
        fixes = [fix for fix in one.fixes if all(map(document.original, fix.edits))]
        same = f"{suspicion.code}\0{scope_name}\0{statement}"
        seen[same] += 1
        digest = hashlib.sha256(f"{same}\0{seen[same]}".encode("utf-8", "surrogatepass"))
        findings.append(
            Finding(
                code=suspicion.code,
                name=rules[suspicion.code].name,
                severity=suspicion.severity,
                message=suspicion.message,
                span=one.span,
                statement=one.statement,
                story=story,
                fixes=tuple(sorted(fixes, key=_safety)),
                fingerprint=digest.hexdigest()[:16],
            )
        )
    return findings


def _safety(fix: Fix) -> int:
    return ["safe", "unsafe", "display"].index(fix.applicability.value)


def _qualified_name(document: Document, span: Span) -> str:
    """Return the dotted name of the functions and classes around a place."""
    import ast

    names: list[str] = []
    body: list[ast.stmt] = document.tree.body
    while True:
        for statement in body:
            around = document.span(statement)
            if around.start <= span.start and span.end <= around.end:
                break
        else:
            return ".".join(names)
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(statement.name)
        body = [
            inner
            for part in ("body", "orelse", "finalbody", "handlers")
            for inner in getattr(statement, part, ())
        ]
        # The cases of a `match` have no place of their own.
        body += [inner for case in getattr(statement, "cases", ()) for inner in case.body]
