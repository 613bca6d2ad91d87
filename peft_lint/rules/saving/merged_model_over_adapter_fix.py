"""How PEF505 is fixed: the merged model goes into a folder below the adapter's."""

from __future__ import annotations

from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import NoFix

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

_NAME = "merged"


class SaveBelow:
    """Rewrite `save_pretrained("folder")` as `save_pretrained("folder/merged")`."""

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Change the folder: a text gets longer, anything else is joined with the name."""
        arguments = list(updated.args)
        for index, argument in enumerate(arguments):
            name = argument.keyword.value if argument.keyword else None
            if name == "save_directory" or (name is None and index == 0 and not argument.star):
                text = self._below(argument.value, rewriting)
                arguments[index] = argument.with_changes(value=rewriting.expression(text))
                return updated.with_changes(args=arguments)
        raise NoFix("the folder is not spelled out")

    def _below(self, folder: cst.BaseExpression, rewriting: Rewriting) -> str:
        import libcst as cst

        text = rewriting.code(folder)
        if isinstance(folder, cst.SimpleString):
            start = text[: -len(folder.quote)].removesuffix("/")
            return f"{start}/{_NAME}{folder.quote}"
        return f'{rewriting.spelling("os.path.join")}({text}, "{_NAME}")'
