"""Changes the keyword arguments of a LibCST call, in the call's own layout."""

from __future__ import annotations

from collections.abc import Sequence

from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import NoFix

if TYPE_CHECKING:
    import libcst as cst


def add_keyword(call: cst.Call, name: str, value: str) -> cst.Call:
    """Return `call` with the argument `name=value` added last; `value` is code.

    The result differs from the call by insertions only. Raise NoFix where the call passes a
    bare generator, or already has that keyword.
    """
    import libcst as cst

    if any(arg.keyword and arg.keyword.value == name for arg in call.args):
        raise NoFix(f"the call already passes {name}")
    new = cst.Arg(_expression(value), keyword=cst.Name(name), equal=_equal(call))
    if not call.args:
        return call.with_changes(args=[new])
    *others, last = call.args
    if isinstance(last.value, cst.GeneratorExp) and not last.value.lpar:
        raise NoFix("the call passes a bare generator")
    before = _after(others[-1]) if others else call.whitespace_before_args
    # What stands between the last argument, or its comma, and the closing parenthesis.
    closing = _after(last) or last.whitespace_after_arg
    between: cst.BaseParenthesizableWhitespace = cst.SimpleWhitespace(" ")
    if isinstance(before, cst.ParenthesizedWhitespace):
        between, closing = _own_line(before, closing)
    if isinstance(last.comma, cst.Comma):
        last = last.with_changes(comma=last.comma.with_changes(whitespace_after=between))
        new = new.with_changes(comma=cst.Comma(whitespace_after=closing))
    else:
        comma = cst.Comma(whitespace_after=between)
        last = last.with_changes(comma=comma, whitespace_after_arg=cst.SimpleWhitespace(""))
        new = new.with_changes(whitespace_after_arg=closing)
    return call.with_changes(args=[*others, last, new])


def replace_keyword(call: cst.Call, name: str, value: str) -> cst.Call:
    """Return `call` with the value of its argument `name` replaced by the code `value`.

    Raise NoFix where the call does not pass that keyword.
    """
    args = list(call.args)
    for index, arg in enumerate(args):
        if arg.keyword and arg.keyword.value == name:
            args[index] = arg.with_changes(value=_expression(value))
            return call.with_changes(args=args)
    raise NoFix(f"the call does not pass {name}")


def rename_keyword(call: cst.Call, name: str, new: str) -> cst.Call:
    """Return `call` with its argument `name` called `new`.

    Raise NoFix where the call does not pass the one, or passes the other.
    """
    import libcst as cst

    args = list(call.args)
    index = _position(args, name)
    if any(arg.keyword and arg.keyword.value == new for arg in args):
        raise NoFix(f"the call already passes {new}")
    args[index] = args[index].with_changes(keyword=cst.Name(new))
    return call.with_changes(args=args)


def name_positions(call: cst.Call, names: Sequence[str]) -> cst.Call:
    """Return `call` with its positional arguments given by these names, in order.

    Raise NoFix where there are more of them, or the call passes such a name already.
    """
    import libcst as cst

    args, equal = list(call.args), _equal(call)
    passed = {arg.keyword.value for arg in args if arg.keyword}
    for index, arg in enumerate(args):
        if arg.keyword or arg.star == "**":
            continue
        if arg.star or index >= len(names) or names[index] in passed:
            raise NoFix("a positional argument has no name")
        args[index] = arg.with_changes(keyword=cst.Name(names[index]), equal=equal)
    return call.with_changes(args=args)


def remove_keyword(call: cst.Call, name: str) -> cst.Call:
    """Return `call` without its argument `name`; raise NoFix where it does not pass it."""
    args = list(call.args)
    index = _position(args, name)
    removed = args.pop(index)
    if args and index == len(args):
        # The argument before it is the last one now, and ends as the removed one did.
        ending = {"comma": removed.comma, "whitespace_after_arg": removed.whitespace_after_arg}
        args[-1] = args[-1].with_changes(**ending)
    return call.with_changes(args=args)


def _position(args: Sequence[cst.Arg], name: str) -> int:
    for index, arg in enumerate(args):
        if arg.keyword and arg.keyword.value == name:
            return index
    raise NoFix(f"the call does not pass {name}")


def _expression(code: str) -> cst.BaseExpression:
    import libcst as cst

    return cst.parse_expression(code)


def _equal(call: cst.Call) -> cst.AssignEqual:
    """Return the equals sign as the call's other keywords write it."""
    import libcst as cst

    for arg in call.args:
        if isinstance(arg.equal, cst.AssignEqual):
            return arg.equal
    none = cst.SimpleWhitespace("")
    return cst.AssignEqual(whitespace_before=none, whitespace_after=none)


def _after(arg: cst.Arg) -> cst.BaseParenthesizableWhitespace | None:
    """Return the white space after an argument's comma."""
    import libcst as cst

    return arg.comma.whitespace_after if isinstance(arg.comma, cst.Comma) else None


def _own_line(
    before: cst.ParenthesizedWhitespace, closing: cst.BaseParenthesizableWhitespace
) -> tuple[cst.ParenthesizedWhitespace, cst.BaseParenthesizableWhitespace]:
    """Return the white space before and after a new last argument on a line of its own.

    Comments after the old last argument stay where they are, before the new one.
    """
    import libcst as cst

    plain = cst.TrailingWhitespace(newline=before.first_line.newline)
    between = before.with_changes(first_line=plain, empty_lines=[])
    if not isinstance(closing, cst.ParenthesizedWhitespace):
        return between, closing
    between = closing.with_changes(indent=before.indent, last_line=before.last_line)
    return between, closing.with_changes(first_line=plain, empty_lines=[])
