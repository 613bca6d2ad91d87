"""The flake8 plugin: the tree that flake8 hands over goes through the engine."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator

from peft_lint import __version__, scope


class Plugin:
    """One file as flake8 sees it.

    `noqa` and the choice of codes are flake8's; our own comments, the settings of the project
    and its releases hold as on the command line. flake8 knows no severity: findings of every
    severity are handed on. PEF002 never is, since flake8 alone knows which `noqa` it used.
    """

    name = "peft-lint"
    version = __version__

    def __init__(self, tree: ast.Module, lines: list[str], filename: str) -> None:
        self._tree = tree
        self._text = "".join(lines)
        self._filename = filename

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """Yield 1-based row, 0-based column in code points, "CODE message", and this class."""
        if not scope.admits(self._text.encode("utf-8", "surrogatepass")):
            return
        try:
            found = self._findings()
        except Exception as error:
            # What leaves this method ends the whole flake8 run with a traceback.
            found = [(1, 0, _failure(self._filename, error))]
        for row, column, words in found:
            yield row, column, words, type(self)

    def _findings(self) -> list[tuple[int, int, str]]:
        """Analyse the file; the imports wait until one is in scope."""
        from peft_lint import engine, suppression
        from peft_lint.document import Document
        from peft_lint.plan import make_plan
        from peft_lint.reports import printable
        from peft_lint.settings import Settings, nearest
        from peft_lint.versions import resolve

        document = Document(self._filename, self._text, given_tree=self._tree)
        folder = os.path.dirname(os.path.abspath(self._filename))
        plan = make_plan(nearest(folder), Settings(root=folder)).at(self._filename)
        target = resolve(self._filename, plan.targets, self._text)
        analysis = engine.analyse(document, plan.rules, target)
        rows = []
        for finding in suppression.apply_own(document, analysis.findings):
            place = document.place(finding.span.start)
            rows.append((place.row, place.column - 1, f"{finding.code} {finding.message}"))
        return [(row, column, printable(words)) for row, column, words in rows]


def _failure(filename: str, error: Exception) -> str:
    """Return PEF000 in words: what the user can mend, or what should be reported."""
    from peft_lint.document import Document
    from peft_lint.failure import internal_error
    from peft_lint.settings import SettingsError

    if isinstance(error, SettingsError):
        return f"PEF000 not analysed: {error}"
    report = internal_error(Document(filename, ""), error)
    return f"PEF000 {report.findings[0].message}"
