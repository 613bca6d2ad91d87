"""A world: the state on one feasible path. Forking is cheap, and copies what it writes to."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from peft_lint.interpreter.objects import Body, Config, Fact, Handle, Instance, State
from peft_lint.interpreter.values import Entries, Items, Ref, Value, contained, replaced
from peft_lint.lean import TYPE_CHECKING

_DISPLAYS = (Items, Entries)

if TYPE_CHECKING:
    from typing import TypeVar

    _Name = TypeVar("_Name")


class Frame:
    """The names of one activation of a function, or of the module (frame 0).

    `parent` is the frame that the function closes over. `tracked` has the names that give
    access to objects, with the ids of these.
    """

    __slots__ = ("parent", "tracked", "variables")

    def __init__(
        self,
        parent: int | None,
        variables: dict[str, Value],
        tracked: dict[str, tuple[int, ...]],
    ) -> None:
        self.parent = parent
        self.variables = variables
        self.tracked = tracked

    def bind(self, name: str, value: Value) -> None:
        """Bind a name."""
        self.variables[name] = value
        objects = contained(value)
        if objects:
            self.tracked[name] = objects
        elif name in self.tracked:
            del self.tracked[name]


class World:
    """Names, heap, what was seeded, and the conditions that hold, on one path.

    Dictionaries are shared between a world and its forks until one of them writes.
    `attributes` holds what was assigned to attributes of unknown objects. `seeded` is
    whether a random generator that sampling uses has been seeded.
    """

    __slots__ = ("_own", "_own_frames", "attributes", "facts", "frames", "heap", "next", "seeded")

    def __init__(self) -> None:
        self.frames: dict[int, Frame] = {0: Frame(None, {}, {})}
        self.heap: dict[int, State] = {}
        self.facts: dict[Hashable, bool] = {}
        self.attributes: dict[tuple[Hashable, str], Value] = {}
        self.seeded: Fact = False
        self.next = 1
        self._own: set[str] = {"frames", "heap", "facts", "attributes"}
        self._own_frames: set[int] = {0}

    def fork(self) -> World:
        """Return another world in the same state."""
        other = World.__new__(World)
        other.frames, other.heap = self.frames, self.heap
        other.facts, other.attributes = self.facts, self.attributes
        other.seeded, other.next = self.seeded, self.next
        self._own, self._own_frames = set(), set()
        other._own, other._own_frames = set(), set()
        return other

    def with_parts(
        self,
        frames: dict[int, Frame],
        facts: dict[Hashable, bool],
        attributes: dict[tuple[Hashable, str], Value],
    ) -> World:
        """Return this world with dictionaries that other worlds may share."""
        self.frames, self.facts, self.attributes = frames, facts, attributes
        self._own -= {"frames", "facts", "attributes"}
        self._own_frames.clear()
        return self

    def fresh_id(self) -> int:
        """Return an id that no object or frame of this world has."""
        self.next += 1
        return self.next

    # names

    def bind(self, frame: int, name: str, value: Value) -> None:
        """Bind `name` in `frame`."""
        own = self.frames[frame] if frame in self._own_frames else self._frame(frame)
        own.bind(name, value)

    def unbind(self, frame: int, name: str) -> None:
        """Forget `name` in `frame`."""
        if name in self.frames[frame].variables:
            own = self._frame(frame)
            del own.variables[name]
            own.tracked.pop(name, None)

    def lookup(self, frame: int, name: str) -> Value | None:
        """Return what `name` is bound to, as seen from `frame`."""
        at: int | None = frame
        while at is not None:
            found = self.frames.get(at)
            if found is None:
                break
            value = found.variables.get(name)
            if value is not None:
                return value
            at = found.parent
        return self.frames[0].variables.get(name)

    def home(self, frame: int, name: str) -> int:
        """Return the frame outside `frame` in which `name` is bound (for `nonlocal`)."""
        at = self.frames[frame].parent
        while at is not None and at in self.frames:
            if name in self.frames[at].variables:
                return at
            at = self.frames[at].parent
        return 0

    def push(self, parent: int) -> int:
        """Open a frame that closes over `parent`; return its id."""
        self._open("frames")
        frame = self.fresh_id()
        self.frames[frame] = Frame(parent, {}, {})
        self._own_frames.add(frame)
        return frame

    def pop(self, frame: int) -> None:
        """Drop a frame that nothing closes over."""
        self._open("frames")
        del self.frames[frame]
        self._own_frames.discard(frame)

    def replace_value(self, old: Value, new: Value) -> None:
        """Let everything that holds the very object `old` hold `new` instead."""
        # Most displays are held by a name or an attribute, some by another display.
        if not self._replace(old, new, inside=False):
            self._replace(old, new, inside=True)

    def _replace(self, old: Value, new: Value, *, inside: bool) -> bool:
        def changes(pairs: Iterable[tuple[_Name, Value]]) -> list[tuple[_Name, Value]]:
            held = [
                (name, value)
                for name, value in pairs
                if value is old or (inside and value.__class__ in _DISPLAYS)
            ]
            after = [(name, value, replaced(value, old, new)) for name, value in held]
            return [(name, changed) for name, value, changed in after if changed is not value]

        found = False
        for number, frame in list(self.frames.items()):
            for name, value in changes(frame.variables.items()):
                self.bind(number, name, value)
                found = True
        for place, value in changes(self.attributes.items()):
            self._open("attributes")
            self.attributes[place] = value
            found = True
        for number, state in list(self.heap.items()):
            if isinstance(state, (Instance, Config)):
                parts = state.fields if isinstance(state, Config) else state.attributes.items()
                after = state
                for name, value in changes(parts):
                    after = after.with_attribute(name, value)
                if after is not state:
                    self.put(number, after)
                    found = True
        return found

    def _frame(self, frame: int) -> Frame:
        """Return a frame to write to."""
        if frame not in self._own_frames:
            self._open("frames")
            old = self.frames[frame]
            self.frames[frame] = Frame(old.parent, dict(old.variables), dict(old.tracked))
            self._own_frames.add(frame)
        return self.frames[frame]

    # heap

    def add(self, state: State) -> Ref:
        """Put a new object on the heap."""
        number = self.fresh_id()
        self.put(number, state)
        return Ref(number)

    def put(self, number: int, state: State) -> None:
        """Replace the state of an object."""
        self._open("heap")
        self.heap[number] = state

    def state(self, value: Value | None) -> State | None:
        """Return the state behind a reference, None for any other value."""
        return self.heap.get(value.id) if isinstance(value, Ref) else None

    def handle(self, value: Value | None) -> Handle | None:
        """Return the handle behind a reference, None for any other value."""
        state = self.state(value)
        return state if isinstance(state, Handle) else None

    def body(self, handle: Handle) -> Body:
        """Return the body that a handle stands for."""
        state = self.heap[handle.body]
        assert isinstance(state, Body)
        return state

    def collect(self) -> None:
        """Drop the objects that no name leads to: they would keep worlds apart for nothing."""
        reached = self.reached()
        if len(reached) < len(self.heap):
            self.heap = {number: state for number, state in self.heap.items() if number in reached}
            self._own.add("heap")

    def reached(self) -> set[int]:
        """Return the ids of the objects that some name leads to."""
        reached: set[int] = set()
        waiting = [number for value in self.attributes.values() for number in contained(value)]
        for frame in self.frames.values():
            for numbers in frame.tracked.values():
                waiting += numbers
        while waiting:
            number = waiting.pop()
            if number not in reached and number in self.heap:
                reached.add(number)
                waiting += self.heap[number].leads_to()
        return reached

    # conditions, attributes of unknown objects

    def learn(self, condition: Hashable, holds: bool) -> None:
        """Remember that a condition holds, or does not, on this world."""
        self._open("facts")
        self.facts[condition] = holds

    def set_attribute(self, owner: Hashable, name: str, value: Value) -> None:
        """Remember `owner.name = value` of an unknown owner."""
        self._open("attributes")
        self.attributes[(owner, name)] = value

    def _open(self, part: str) -> None:
        """Make a dictionary this world's own before it is written to."""
        if part not in self._own:
            setattr(self, part, dict(getattr(self, part)))
            self._own.add(part)
