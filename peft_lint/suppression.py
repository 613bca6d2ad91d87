"""Comments that suppress findings: `noqa`, `peft-lint: ignore[…]`, `skip-file`; and unused ones."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from peft_lint.document import Document
from peft_lint.finding import Applicability, Edit, Finding, Fix, Severity, Span
from peft_lint.lean import Record
from peft_lint.rulebook import all_rules
from peft_lint.selection import find, problem

# Compiled at first use, since most files hold no such comment. As flake8 reads it: one blank,
# codes behind a colon, letters of any case in the word.
_NOQA = r"(?i:# noqa(?::\s?(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+)?)+))?)"
_OWN = r"#\s*peft-lint:\s*(?P<verb>ignore|skip-file)\b(?:\[(?P<names>[^\]]*)\])?"
UNUSED = "PEF002"


class _Item:
    """One code or name in a comment, and whether it suppressed something."""

    def __init__(self, text: str, span: Span) -> None:
        self.text = text
        self.span = span
        self.used = False


class _Comment(Record):
    """One suppressing comment; `items` are empty for a blanket `# noqa`.

    `rows` are the lines it speaks for as flake8 joins them; `alone` is a comment on a line
    of its own. `span` runs to the next `#` of the same comment, or to the line's end.
    """

    own: bool
    rows: range
    row: int
    alone: bool
    span: Span
    items: list[_Item]


def apply(
    document: Document, findings: Sequence[Finding], active: Collection[str]
) -> list[Finding]:
    """Drop suppressed findings and add PEF002 for suppressions that did nothing.

    `active` are the codes that could have been reported here: selected, not in preview only,
    and inside their range of releases. The result is sorted by place.
    """
    comments = _comments(document, findings)
    if comments is None:
        return []
    kept = [finding for finding in findings if not _suppressed(document, finding, comments)]
    if UNUSED in active:
        # All of them first: looking for their own suppressions marks comments as used.
        unused = list(_unused(document, comments, active))
        kept += [finding for finding in unused if not _suppressed(document, finding, comments)]
        kept.sort(key=lambda finding: (finding.span, finding.code))
    return kept


def apply_own(document: Document, findings: Sequence[Finding]) -> list[Finding]:
    """Drop what our own comments suppress: for doors that handle `noqa` themselves."""
    comments = _comments(document, findings)
    if comments is None:
        return []
    own = [comment for comment in comments if comment.own]
    return [finding for finding in findings if not _suppressed(document, finding, own)]


def _comments(document: Document, findings: Sequence[Finding]) -> list[_Comment] | None:
    """Return the suppressing comments in order, None where the whole file is skipped."""
    text = document.text
    # Where nothing was found, a noqa matters only if it names one of our codes (PEFT is none).
    noqa = (findings or re.search("PEF[0-9]", text)) and "noqa" in text.lower()
    if not noqa and "peft-lint:" not in text:
        return []
    found: list[_Comment] = []
    for rows, row, column, comment, alone in _raw_comments(document):
        start = document.line_starts[row - 1] + column
        for match in (*re.finditer(_NOQA, comment), *re.finditer(_OWN, comment)):
            own = match.re.pattern == _OWN
            if own and match["verb"] == "skip-file":
                return None
            group = "names" if own else "codes"
            end = comment.find("#", match.start() + 1)
            end = len(comment.rstrip()) if end < 0 else end
            span = Span(start + match.start(), start + end)
            entry = _Comment(own, rows, row, alone, span, [])
            if match[group] is not None:
                first = start + match.start(group)
                for item in re.finditer(r"[^,\s]+", match[group]):
                    place = Span(first + item.start(), first + item.end())
                    entry.items.append(_Item(item.group(), place))
            found.append(entry)
    return found


def _raw_comments(document: Document) -> Iterator[tuple[range, int, int, str, bool]]:
    """Yield each comment: the lines flake8 joins it with, row, column, text, alone or not.

    flake8 joins the lines of a multi-line string and of backslash continuations, nothing else.
    """
    import tokenize

    # Rows as the document counts them; the tokenizer does not know a lone CR.
    lines = (document.line(row + 1) + "\n" for row in range(len(document.line_starts)))
    pending: list[tuple[int, int, str, bool]] = []
    first = last = 0
    seen_code_on = 0
    try:
        for token in tokenize.generate_tokens(lambda: next(lines, "")):
            if token.type in (tokenize.ENDMARKER, tokenize.INDENT, tokenize.DEDENT):
                continue
            row, column = token.start
            first, last = first or row, token.end[0]
            if token.type == tokenize.COMMENT:
                pending.append((row, column, token.string, seen_code_on != row))
            elif token.type in (tokenize.NL, tokenize.NEWLINE):
                for comment in pending:
                    yield (range(first, last + 1), *comment)
                pending, first = [], 0
            else:
                seen_code_on = token.end[0]
    except (tokenize.TokenError, SyntaxError):
        return  # Not Python: reported as such, and nothing can be suppressed in it.


def _suppressed(document: Document, finding: Finding, comments: Sequence[_Comment]) -> bool:
    """Return whether a comment suppresses `finding`, and mark every item that does."""
    if not comments:
        return False
    anchor = document.row(finding.span.start)
    statement = document.row(finding.statement.start)
    above = statement - 1
    while above > 0 and document.line(above).lstrip().startswith("#"):
        above -= 1
    hit = False
    for comment in comments:
        speaks = anchor in comment.rows
        if comment.own and not speaks:
            speaks = comment.row == statement or (comment.alone and above < comment.row < statement)
        if not speaks:
            continue
        if not comment.own and not comment.items:
            hit = True
        for item in comment.items:
            named = item.text in (finding.code, finding.name) if comment.own else False
            if named or (not comment.own and finding.code.startswith(item.text)):
                item.used = hit = True
    return hit


def _unused(
    document: Document, comments: Sequence[_Comment], active: Collection[str]
) -> Iterator[Finding]:
    for comment in comments:
        if comment.own and not comment.items:
            yield _finding(comment.span, "`ignore` names no rule: write `ignore[CODE]`", ())
        idle = []
        for item in comment.items:
            if comment.own and (wrong := _unknown(item.text)) is not None:
                yield _finding(item.span, wrong, ())
            elif not item.used and _could_fire(item.text, active, own=comment.own):
                idle.append(item)
        if idle:
            names = ", ".join(item.text for item in idle)
            word = "ignore" if comment.own else "noqa"
            edit = _removal(document, comment, idle)
            title = f"Remove the unused `{names}`"
            fix = Fix(title, Applicability.SAFE, (edit,))
            message = f"`{word}` for {names} suppresses nothing here"
            yield _finding(idle[0].span, message, (fix,))


def _unknown(name: str) -> str | None:
    if find(name) is not None:
        return None
    return problem(name) or f"`{name}` is no rule: write its full code or name"


def _could_fire(text: str, active: Collection[str], *, own: bool) -> bool:
    """Return whether every rule that `text` names is ours, and ran."""
    if own:
        rule = find(text)
        codes = [rule.code] if rule else []
    else:
        codes = [rule.code for rule in all_rules() if rule.code.startswith(text)]
        # A shorter code may be meant for other linters too.
        codes = codes if text.startswith("PEF") else []
    return bool(codes) and all(code in active and not code.startswith("PEF0") for code in codes)


def _removal(document: Document, comment: _Comment, idle: Sequence[_Item]) -> Edit:
    """Return the edit that takes `idle` out of a comment, or the comment out of its line."""
    text = document.text
    kept = [item for item in comment.items if item not in idle]
    if kept:
        first, last = comment.items[0].span, comment.items[-1].span
        separator = ", " if "," in text[first.start : last.end] else " "
        content = separator.join(item.text for item in kept)
        return Edit(Span(first.start, last.end), content)
    start, end = comment.span.start, comment.span.end
    if not comment.own:
        # What follows the codes of a noqa is a remark of its own; an ignore owns its reason.
        rest = text[comment.items[-1].span.end : end].strip(" \t,")
        if rest:
            return Edit(Span(start, end), f"# {rest}" + (" " if text[end - 1] == " " else ""))
    row = document.row(start)
    line_start = document.line_starts[row - 1]
    line_end = line_start + len(document.line(row))
    if text[end:line_end].strip():
        return Edit(Span(start, end), "")
    before = text[line_start:start].rstrip(" \t")
    if before:
        return Edit(Span(line_start + len(before), line_end), "")
    rows = document.line_starts
    return Edit(Span(line_start, rows[row] if row < len(rows) else len(text)), "")


def _finding(span: Span, message: str, fixes: tuple[Fix, ...]) -> Finding:
    return Finding(UNUSED, "unused-suppression", Severity.INFO, message, span, span, fixes=fixes)
