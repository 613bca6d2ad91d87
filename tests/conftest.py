"""Prints the figures that tests record, below the results."""

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print each `record_property("figure", …)` on a line of its own."""
    reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
    for report in reports:
        for name, figure in getattr(report, "user_properties", ()):
            if name == "figure":
                terminalreporter.write_line(figure)
