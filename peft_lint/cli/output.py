"""Where the report of a run goes, and in which form."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from importlib import import_module

from peft_lint import files
from peft_lint.cli import UsageError
from peft_lint.cli.options import CheckOptions
from peft_lint.reports import RunReport, summary

# Formats whose module has another name.
_MODULES = {"json": "json_report"}


def check_place(options: CheckOptions, analysed: Iterable[str]) -> None:
    """Raise UsageError where a file that is written at the end cannot or must not be there."""
    report = options.output_file
    if report is not None and os.path.realpath(report) in map(os.path.realpath, analysed):
        raise UsageError(f"{report}: not written: it is one of the files to analyse")
    for path in (report, options.baseline):
        folder = os.path.dirname(path or "")
        if folder and not os.path.isdir(folder):
            raise UsageError(f"{path}: not written: {os.strerror(errno.ENOENT)}")


def write(report: RunReport, options: CheckOptions) -> None:
    """Write the report; standard output belongs to the fixed text or the diff, if any.

    Raise UsageError where the file that it shall go to cannot be written.
    """
    sys.stdout.flush()
    path = options.output_file
    if path is not None:
        try:
            text = _text(report, options, colours=False)
            files.write(path, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise UsageError(f"{path}: not written: {error.strerror}") from None
        sys.stderr.write(summary(report) + "\n")
        return
    if options.diff:
        from peft_lint.reports import concise

        failed = [file for file in report.files if file.document.path in report.failed]
        sys.stderr.write(concise.render(RunReport(failed)) + summary(report) + "\n")
        return
    from peft_lint.reports import colour

    stream = sys.stderr if options.fixes_stdin else sys.stdout
    stream.write(_text(report, options, colours=colour.wanted(stream)))
    stream.flush()
    if options.statistics or options.output_format in ("concise", "github"):
        sys.stderr.write(summary(report) + "\n")


def _text(report: RunReport, options: CheckOptions, *, colours: bool) -> str:
    """Return the report in its format, whose module is imported only now."""
    name = "statistics" if options.statistics else options.output_format
    module = import_module(f"peft_lint.reports.{_MODULES.get(name, name)}")
    if name == "full":
        from peft_lint.reports.colour import Paint

        return str(module.render(report, Paint(colours)))
    return str(module.render(report))
