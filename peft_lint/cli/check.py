"""`peft-lint check`: every file through the engine, its fixes applied, one report at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache, partial

from peft_lint import files, scope
from peft_lint.cli import COMMANDS, complain
from peft_lint.cli.options import STDIN, CheckOptions
from peft_lint.cli.output import check_place, write
from peft_lint.cli.progress import Progress
from peft_lint.discovery import discover, is_excluded
from peft_lint.finding import Finding
from peft_lint.lean import TYPE_CHECKING
from peft_lint.plan import Plan, make_plan
from peft_lint.reports import FileReport, RunReport, count
from peft_lint.selection import did_you_mean
from peft_lint.settings import Settings, SettingsError, load, nearest
from peft_lint.versions import resolve

if TYPE_CHECKING:
    from peft_lint.baseline import Baseline
    from peft_lint.document import Document

# How much of a file that cannot be decoded is kept to show the place.
_SHOWN_BYTES = 1_000_000
# The report needs texts only, but freeing a tree takes a fifth of the time of making it: only
# a long run does it, which would need a megabyte for each file.
_KEPT_TREES = 100
_NOTHING = (
    "peft-lint: warning: nothing to analyse: no Python files, notebooks or Markdown pages "
    "but what git or the settings leave out"
)


def check(options: CheckOptions) -> int:
    """Run the check and return the exit code."""
    return _Check(options).run()


def _baseline(options: CheckOptions) -> Baseline | None:
    """Return the baseline to compare with, None where there is none yet."""
    if options.baseline is None or options.creates_baseline:
        return None
    from peft_lint.baseline import Baseline

    return Baseline.load(options.baseline)


class _Check:
    """One run: it collects what the files gave, and whether anything failed on the way."""

    def __init__(self, options: CheckOptions) -> None:
        self.options = options
        self.report = RunReport()
        self.broken = False
        self._settings = cache(self._load_settings)
        self._plan = cache(partial(make_plan, given=options.settings))
        self._plan_in = cache(self._load_plan)
        self._baseline = _baseline(options)
        self._progress = Progress()
        # Of the file at hand, document by document.
        self._unfixed: list[FileReport] = []
        self._shown = b""

    def run(self) -> int:
        options = self.options
        # Asked before the first file is touched, as settings are read: an error changes nothing.
        planned = [(path, self._plan_of(path)) for path in self._paths()]
        check_place(options, [path for path, _ in planned])
        if not planned and not self.broken and any(map(os.path.isdir, options.paths)):
            print(_NOTHING, file=sys.stderr)
        try:
            for number, (path, plan) in enumerate(planned, 1):
                self._progress.begin(number, len(planned))
                data = self._read(path)
                if data is not None:
                    self._file(path, data, plan)
        finally:
            self._progress.clear()
        if self._baseline is not None:
            self.report.known = self._baseline.met
        write(self.report, options)
        if self.broken:
            return 2
        if options.baseline is not None and self._keep(options.baseline):
            return 0
        worst = min((finding.severity.rank for finding in self.report.findings), default=None)
        if options.exit_zero or worst is None or worst > options.fail_on.rank:
            return 0
        return 1

    def _paths(self) -> Iterator[str]:
        options = self.options
        for path in discover(
            list(options.paths),
            self._settings,
            force_exclude=options.force_exclude,
            missing=self._missing,
        ):
            shown = options.stdin_filename if path == STDIN else None
            if shown and options.force_exclude and is_excluded(shown, self._settings):
                if options.fixes_stdin:
                    sys.stdout.buffer.write(sys.stdin.buffer.read())
                continue
            yield path

    def _plan_of(self, path: str) -> Plan:
        named = (self.options.stdin_filename or STDIN) if path == STDIN else path
        return self._plan_in(os.path.dirname(named)).at(named)

    def _load_plan(self, folder: str) -> Plan:
        return self._plan(self._settings(os.path.abspath(folder)))

    def _load_settings(self, folder: str) -> Settings:
        options = self.options
        if options.isolated:
            return Settings(root=os.getcwd())
        if options.config is None:
            return nearest(folder)
        found = load(options.config)
        if found is None:
            raise SettingsError(f"{options.config}: has no [tool.peft-lint] table")
        return found

    def _read(self, path: str) -> bytes | None:
        if path == STDIN:
            return sys.stdin.buffer.read()
        try:
            # Read at once: a buffer in between would only cost.
            with open(path, "rb", buffering=0) as stream:
                return stream.read()
        except OSError as error:
            self._unreadable(path, error.strerror or "cannot be read")
            return None

    def _missing(self, path: str, reason: str) -> None:
        # A command with a slip in it is read as the first path.
        if path == self.options.paths[0] and not os.path.lexists(path) and "." not in path:
            reason += did_you_mean(path, COMMANDS)
        self._unreadable(path, reason)

    def _unreadable(self, path: str, reason: str) -> None:
        self._unusable(path, reason, self.report.failed)

    def _unusable(self, path: str, reason: str, noted: list[str]) -> None:
        self._progress.clear()
        complain(f"{path}: {reason}")
        noted.append(path)
        self.broken = True

    def _file(self, path: str, data: bytes, plan: Plan) -> None:
        """Analyse one file, whatever becomes of it, and note the outcome."""
        after = data
        # Asked of the bytes, so that most files are neither decoded nor given a target.
        if not scope.admits(data):
            self.report.out_of_scope += 1
            self._left_out(path, plan)
        else:
            after = self._in_scope(path, data, plan) or data
        if path == STDIN and self.options.fixes_stdin:
            self._shown = after
        if self._shown:
            # Written here, where a full disk is no failure of the analysis.
            self._progress.clear()
            sys.stdout.buffer.write(self._shown)
            self._shown = b""

    def _in_scope(self, path: str, data: bytes, plan: Plan) -> bytes | None:
        """Return the fixed bytes of a file, None where nothing is to be changed."""
        # Imported here: most files of most trees stay outside, and need none of it.
        from peft_lint import sources
        from peft_lint.document import Document, DocumentError
        from peft_lint.failure import internal_error, not_analysed

        shown = (self.options.stdin_filename or path) if path == STDIN else path
        # Until it is decoded it is shown as far as it can be read.
        document = Document(shown, data[:_SHOWN_BYTES].decode("utf-8", "replace"))
        try:
            return self._documents(path, data, sources.read(data, shown), plan)
        except sources.UnreadableError as error:
            self._unreadable(shown, str(error))
        except DocumentError as error:
            self._failed(not_analysed(document, error), plan)
        except Exception as error:
            # One file never stops the others, and never fails in silence.
            self.broken = True
            self._failed(internal_error(document, error), plan)
        return None

    def _failed(self, report: FileReport, plan: Plan) -> None:
        self.report.failed.append(report.document.path)
        selected = {rule.code for rule in plan.rules}
        if any(finding.code in selected for finding in report.findings):
            self.report.files.append(report)

    def _documents(
        self, path: str, data: bytes, document: Document | None, plan: Plan
    ) -> bytes | None:
        """Take all documents of a file through the engine; return its fixed bytes."""
        fixed, in_scope = None, False
        self._unfixed.clear()
        first = len(self.report.files)
        while document is not None:
            after = self._document(document, plan)
            in_scope = in_scope or after is not None
            if after is not None and after is not document:
                fixed = document = after
            document = document.following
        self.report.analysed += in_scope
        self.report.out_of_scope += not in_scope
        if fixed is None:
            return None
        after_fixes = fixed.to_bytes()
        if self.options.diff:
            from peft_lint.cli.diff import unified

            self._shown = unified(fixed.path, data, after_fixes, fixed.encoding)
        elif path != STDIN and not self._write(path, after_fixes):
            # What was found is still there.
            self.report.files[first:] = self._unfixed
        return after_fixes

    def _document(self, document: Document, plan: Plan) -> Document | None:
        """Analyse a document, fix it if asked to, and note what is left.

        Return it as it is then, None where it was out of scope.
        """
        from peft_lint import engine, suppression
        from peft_lint.failure import with_left_out

        named = None if document.path == STDIN else document.path
        target = resolve(named, plan.targets, document.text, document.commands)
        active = plan.active(target)
        first = engine.analyse(document, plan.rules, target)
        if not first.in_scope and not document.problems:
            self._left_out(document.path, plan, document.part)
            return None

        def analyse(current: Document) -> list[Finding]:
            again = current is not document
            analysis = engine.analyse(current, plan.rules, target) if again else first
            kept = suppression.apply(current, analysis.findings, active)
            if current.problems and "PEF001" in active:
                kept = with_left_out(current, kept)
            if self._baseline is not None:
                kept = self._baseline.new(document.path, kept, active, document.part)
            return [plan.applied_to(finding) for finding in kept]

        options = self.options
        report = FileReport(document, analyse(document))
        self._unfixed.append(report)
        if options.rewrites:
            from peft_lint.fixer import fix

            rewritten = analyse
            if (reason := options.add_ignores) is not None:
                from peft_lint.ignoring import ignoring

                def rewritten(current: Document) -> list[Finding]:
                    return ignoring(current, analyse(current), reason)

            result = fix(document, rewritten, unsafe=options.unsafe_fixes)
            # A diff changes nothing, so everything is still to be reported.
            if not options.diff:
                left = analyse(result.document) if options.add_ignores else result.findings
                report = FileReport(result.document, left, result.applied)
            document = result.document
        if len(self.report.files) >= _KEPT_TREES:
            report.document.let_go()
        self.report.files.append(report)
        return document

    def _left_out(self, path: str, plan: Plan, part: int = 0) -> None:
        """Let the baseline know that nothing is found in a document outside scope."""
        if self._baseline is not None:
            self._baseline.new(path, (), {rule.code for rule in plan.rules}, part)

    def _write(self, path: str, data: bytes) -> bool:
        try:
            files.replace(path, data)
        except OSError as error:
            self._unusable(path, f"not written: {error.strerror}", self.report.unwritten)
            return False
        return True

    def _keep(self, path: str) -> bool:
        """Bring the baseline up to date, or say what is stale in it; True where it was made."""
        if self._baseline is None:
            from peft_lint.baseline import Baseline

            found = [(file.document.path, file.findings) for file in self.report.files]
            kept = Baseline(path, {}).create(found)
            print(f"{path}: keeps {count(kept, 'finding', 'findings')}", file=sys.stderr)
            return True
        # With --diff the last look at a file was at what it would become.
        stale = [] if self.options.diff else self._baseline.stale()
        if stale and self.options.update_baseline:
            self._baseline.shrink()
            print(f"{path}: dropped {', '.join(stale)}", file=sys.stderr)
        elif stale:
            hint = "no longer found, --update-baseline drops them"
            print(f"{path}: {hint}: {', '.join(stale)}", file=sys.stderr)
        return False
