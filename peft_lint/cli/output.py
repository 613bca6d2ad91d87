"""Where the report of a run goes, and in which form."""

from __future__ import annotations

import sys

from peft_lint.cli.options import CheckOptions
from peft_lint.reports import RunReport, summary


def write(report: RunReport, options: CheckOptions) -> None:
    """Write the report; standard output belongs to the fixed text or the diff, if any."""
    sys.stdout.flush()
    stream = sys.stderr if options.fixes_stdin else sys.stdout
    if options.diff:
        from peft_lint.reports import concise

        failed = [file for file in report.files if file.document.path in report.failed]
        sys.stderr.write(concise.render(RunReport(failed)) + summary(report) + "\n")
    elif options.statistics:
        from peft_lint.reports import statistics

        stream.write(statistics.render(report))
        stream.flush()
        sys.stderr.write(summary(report) + "\n")
    elif options.output_format == "json":
        from peft_lint.reports import json_report

        stream.write(json_report.render(report))
    elif options.output_format == "concise":
        from peft_lint.reports import concise

        stream.write(concise.render(report))
        stream.flush()
        sys.stderr.write(summary(report) + "\n")
    else:
        from peft_lint.reports import colour, full

        stream.write(full.render(report, colour.Paint(colour.wanted(stream))))
