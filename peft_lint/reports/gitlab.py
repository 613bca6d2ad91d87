"""GitLab's code quality report."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from peft_lint.document import Document
from peft_lint.finding import Finding, Severity
from peft_lint.lean import TYPE_CHECKING
from peft_lint.reports import RunReport
from peft_lint.reports.places import Places, message, relative

if TYPE_CHECKING:
    from typing import Any

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(run: RunReport) -> str:
    """Return a list of findings, each with a fingerprint of its own."""
    seen: Counter[str] = Counter()
    rows = []
    for file in run.files:
        places = Places(file.document)
        rows += [_row(file.document, places, finding, seen) for finding in file.findings]
    return json.dumps(rows, indent=2) + "\n"


def _row(
    document: Document, places: Places, finding: Finding, seen: Counter[str]
) -> dict[str, Any]:
    region, path = places.region(finding.span), relative(document.path)
    # The tool's own findings have no fingerprint; the blocks of a page may share one.
    same = f"{path}\0{finding.code}\0{finding.fingerprint or finding.message}"
    seen[same] += 1
    digest = hashlib.sha256(f"{same}\0{seen[same]}".encode("utf-8", "surrogatepass"))
    return {
        "type": "issue",
        "check_name": finding.code,
        "description": f"{finding.name}: {message(document, finding)}",
        "severity": _SEVERITIES[finding.severity],
        "fingerprint": digest.hexdigest(),
        "location": {
            "path": path,
            "positions": {
                "begin": {"line": region.row, "column": region.column},
                "end": {"line": region.end_row, "column": region.end_column},
            },
        },
    }
