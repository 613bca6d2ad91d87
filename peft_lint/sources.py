"""From the bytes of a file to its documents, by what the ending of its name says."""

from __future__ import annotations

from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from peft_lint.document import Document

SUFFIXES = (".py", ".pyi", ".ipynb", ".md")


class UnreadableError(Exception):
    """A file that is not what its name says; the message is for the user."""


def read(data: bytes, path: str) -> Document | None:
    """Return the first document of a file, None where it has none.

    Raise DocumentError for Python that cannot be analysed, UnreadableError for a file of
    another kind that cannot be read.
    """
    if path.endswith(".ipynb"):
        from peft_lint.notebook import document, raw

        try:
            return document.read(data, path)
        except raw.NotebookError as error:
            raise UnreadableError(str(error)) from None
    if path.endswith(".md"):
        from peft_lint import markdown
        from peft_lint.document import not_text, row_of

        try:
            return markdown.read(data, path)
        except UnicodeDecodeError as error:
            reason = f"{not_text(error, 'UTF-8')}, in line {row_of(error)}"
            raise UnreadableError(reason) from None
    # Discovery asks for the endings above only, most often for files out of scope.
    from peft_lint.document import Document

    return Document.from_bytes(data, path)
