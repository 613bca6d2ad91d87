"""Records: named tuples in all that the code relies on, though they are made in another way."""

import copy

import pytest

from peft_lint.lean import Record


class Point(Record):
    """A place."""

    x: int
    y: int = 2
    name: str = "p"

    @property
    def total(self):
        return self.x + self.y


class Odd(Record):
    x: int

    def __eq__(self, other):
        return True

    __hash__ = None


def test_fields_are_given_by_place_or_by_name_and_have_defaults():
    assert Point(1) == Point(x=1, y=2, name="p") == (1, 2, "p")
    assert Point(1, name="q").name == "q"
    assert Point(3).total == 5


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ((), {}, r"Point.__new__\(\) missing 1 required positional argument: 'x'"),
        ((1, 2, "p", 4), {}, r"Point.__new__\(\) takes from 2 to 4 positional arguments"),
        ((1,), {"z": 1}, r"Point.__new__\(\) got an unexpected keyword argument 'z'"),
    ],
)
def test_what_is_no_field_is_refused(arguments, keywords, message):
    with pytest.raises(TypeError, match=message):
        Point(*arguments, **keywords)


def test_a_record_is_a_tuple_that_never_changes():
    point = Point(1)
    assert isinstance(point, tuple)
    assert hash(point) == hash((1, 2, "p"))
    with pytest.raises(AttributeError):
        point.x = 3
    with pytest.raises(AttributeError):
        point.z = 3


def test_a_field_is_replaced_in_a_copy():
    assert Point(1)._replace(y=5) == Point(1, 5)
    with pytest.raises(TypeError, match="no fields of Point: z"):
        Point(1)._replace(z=3)


def test_it_is_copied_shown_and_matched_as_what_it_is():
    point = Point(1)
    assert type(copy.deepcopy(point)) is Point
    assert repr(point) == "Point(x=1, y=2, name='p')"
    match point:
        case Point(x, y):
            assert (x, y) == (1, 2)
    assert (Point.__doc__, Point.__module__, Point._fields) == (
        "A place.",
        __name__,
        ("x", "y", "name"),
    )


def test_methods_of_its_own_win():
    assert Odd(1) == Odd(2)
    with pytest.raises(TypeError):
        hash(Odd(1))
