"""The flake8 plugin: the tree that flake8 hands over goes through the engine."""

from __future__ import annotations

import argparse
import ast
import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_start_method

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

    @classmethod
    def parse_options(
        cls, _manager: object, options: argparse.Namespace, _arguments: Sequence[str]
    ) -> None:
        """Look at one file that uses PEFT before flake8 forks its workers.

        Each of them has then what that takes, rather than load it for itself.
        """
        jobs = options.jobs
        if get_start_method() != "fork" or not (jobs.is_auto or jobs.n_jobs > 1):
            return
        # What fails here fails again where it is reported; and flake8 may name this otherwise.
        with suppress(Exception):
            from flake8.discover_files import expand_paths  # type: ignore[import-untyped]

            paths = list(
                expand_paths(
                    paths=options.filenames,
                    stdin_display_name=options.stdin_display_name,
                    filename_patterns=options.filename,
                    exclude=(*options.exclude, *options.extend_exclude),
                )
            )
            # One file alone is no work to divide.
            if len(paths) > 1 and any(map(cls._warm, paths)):
                # Workers that collect garbage need not copy what is loaded by now.
                gc.freeze()

    @classmethod
    def _warm(cls, path: str) -> bool:
        """Analyse a file if it is in scope; return whether it is."""
        with open(path, "rb") as stream:
            data = stream.read()
        if not scope.admits(data):
            return False
        text = data.decode("utf-8")
        cls(ast.parse(text), text.splitlines(keepends=True), path)._findings()
        return True

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
