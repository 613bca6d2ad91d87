"""What the code takes from `typing`, without its cost: that module, and classes made by it.

Importing `typing` costs 3 ms, and each `NamedTuple` 0.08 ms, because it compiles every
annotation and a constructor. A run of the program defines a hundred of them.
"""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from types import FunctionType

__all__ = ["TYPE_CHECKING", "Record"]

# Type checkers take a variable of this name for true.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any
    from typing import NamedTuple as Record


@cache
def _mould(size: int) -> type[tuple[Any, ...]]:
    """Return a named tuple of so many fields; all records of that size are made like it."""
    return namedtuple("_Mould", [f"field_{number}" for number in range(size)])


class _Record(tuple[object, ...]):
    """What all records can do, as `collections.namedtuple` has it."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    def _replace(self, /, **changes: object) -> _Record:
        made = tuple.__new__(type(self), map(changes.pop, self._fields, self))
        if changes:
            raise TypeError(f"no fields of {type(self).__name__}: {', '.join(changes)}")
        return made

    def __getnewargs__(self) -> tuple[object, ...]:
        return tuple(self)

    def __repr__(self) -> str:
        pairs = zip(self._fields, self, strict=True)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in pairs)})"


class _Maker(type):
    """Makes a plain class of a class statement whose annotations are its fields.

    It is not the metaclass of what it makes, for which `isinstance` would be slower.
    """

    def __new__(cls, name: str, _bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
        fields = tuple(namespace["__annotations__"])
        mould = _mould(len(fields))
        code = mould.__new__.__code__.replace(co_varnames=("_cls", *fields))
        defaults = tuple(namespace[field] for field in fields if field in namespace)
        new = FunctionType(code, mould.__new__.__globals__, "__new__", defaults)
        new.__qualname__ = f"{name}.__new__"
        namespace |= {field: vars(mould)[f"field_{n}"] for n, field in enumerate(fields)}
        namespace |= {"__slots__": (), "__new__": new}
        namespace |= {"_fields": fields, "__match_args__": fields}
        return type(name, (_Record,), namespace)


if not TYPE_CHECKING:
    Record = type.__new__(_Maker, "Record", (), {})
