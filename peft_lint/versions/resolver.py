"""From a document to its target: the sources in their order, one walk upwards per directory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache

from peft_lint.lean import TYPE_CHECKING
from peft_lint.versions.specifier import SpecifierError, exact, key, lower_bound, satisfies
from peft_lint.versions.target import LIBRARIES, Claim, Target, known_releases

if TYPE_CHECKING:
    from pathlib import Path

_LOCK_FILES = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock")


def resolve(
    path: str | None,
    overrides: Mapping[str, str],
    text: str,
    commands: tuple[str, ...] = (),
) -> Target:
    """Return the releases that the document at `path` is used with.

    `path` is None for a document from standard input, which belongs to the working
    directory. `overrides` maps libraries to releases, and wins over everything; raises
    ValueError for an unknown library or a text that is no release. Then come: the PEP 723
    block in `text`, if it names a library (such a script has an environment of its own, so
    nothing else counts), what the document's shell `commands` install, the project's lock
    files and declarations upwards to the root of its repository, and its environment.
    """
    scripted = _of_script(text) if "# /// script" in text else None
    base = scripted or _of_project(os.path.dirname(os.path.abspath(path or "-")))
    installed = _of_commands(commands) if commands else {}
    if not overrides and not installed:
        return base
    given = {name: _override(name, release) for name, release in overrides.items()}
    given = {**installed, **given}
    return Target({**base.claims, **given}, base.dependencies)


def forget() -> None:
    """Read the projects' files anew from now on: for programs that outlive a change of theirs."""
    _of_project.cache_clear()
    _of_folder.cache_clear()


def _override(library: str, release: str) -> Claim:
    if library not in LIBRARIES:
        raise ValueError(f"{library!r} has no target release; known are {', '.join(LIBRARIES)}")
    try:
        key(release)
    except SpecifierError:
        newest = known_releases()[library][-1]
        message = f"target of {library}: {release!r} is not a release, write e.g. {newest!r}"
        raise ValueError(message) from None
    return Claim(release, "given as target", (f"=={release}",))


@cache
def _of_script(text: str) -> Target | None:
    from peft_lint.versions.declared import of_script

    ranges = of_script(text)
    sources = _Sources()
    sources.declare(ranges, "the script's own block")
    return Target(sources.claims()) if ranges else None


@cache
def _of_commands(commands: tuple[str, ...]) -> Mapping[str, Claim]:
    from peft_lint.versions.commands import of_commands

    sources = _Sources()
    sources.declare(of_commands(commands), "the notebook's `pip install`")
    return sources.claims()


@cache
def _of_project(directory: str) -> Target:
    sources = _Sources()
    for folder in _upwards(directory):
        sources.add(_of_folder(folder))
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if prefix := os.environ.get(variable):
            sources.install(prefix, "the active environment")
    return Target(sources.claims(), tuple(dict.fromkeys(sources.read)))


def _upwards(directory: str) -> Iterator[str]:
    """Yield each folder from `directory` to the root of its repository."""
    folder = directory
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if _of_folder(folder).root or parent == folder:
            return
        folder = parent


# The directories of a project share those above them: each is read once.
@cache
def _of_folder(folder: str) -> _Sources:
    sources = _Sources()
    with suppress(OSError):
        sources.look(folder, frozenset(os.listdir(folder)))
    return sources


class _Sources:
    """What files say, nearest first, before it is weighed per library.

    `root` where they lie in the root of a repository.
    """

    def __init__(self) -> None:
        self.root = False
        self.read: list[str] = []
        self.ranges: list[tuple[str, Mapping[str, tuple[str, ...]]]] = []
        self.locked: list[tuple[str, Mapping[str, tuple[str, ...]]]] = []
        self.installed: list[tuple[str, Mapping[str, tuple[str, ...]]]] = []

    def add(self, farther: _Sources) -> None:
        """Note what files of a folder farther up say."""
        self.read += farther.read
        self.ranges += farther.ranges
        self.locked += farther.locked
        self.installed += farther.installed

    def look(self, folder: str, names: frozenset[str]) -> None:
        """Read what there is in one folder, best source first."""
        self.root = ".git" in names
        texts = sorted(n for n in names if n.startswith("requirements") and n.endswith(".txt"))
        conda = sorted(names & {"environment.yml", "environment.yaml"})
        locks = [name for name in _LOCK_FILES if name in names]
        if locks:
            from pathlib import Path

            from peft_lint.versions.locked import of_lock_file

            for name in locks:
                self.read.append(os.path.join(folder, name))
                self.locked.append((f"locked in {name}", of_lock_file(Path(folder, name))))
        if texts or conda or "pyproject.toml" in names:
            from pathlib import Path

            self._look_at_declarations(Path(folder), names, texts, conda)
        if ".venv" in names:
            self.install(os.path.join(folder, ".venv"), ".venv")

    def _look_at_declarations(
        self, folder: Path, names: frozenset[str], texts: list[str], conda: list[str]
    ) -> None:
        from peft_lint.versions import declared

        extras: Mapping[str, tuple[str, ...]] = {}
        read: list[Path] = []
        if "pyproject.toml" in names:
            read.append(folder / "pyproject.toml")
            own, extras = declared.of_pyproject(declared.read_text(read[0]) or "")
            self.declare(own, "pyproject.toml")
        if "requirements.txt" in texts:
            ranges = declared.of_requirements(folder / "requirements.txt", read)
            self.declare(ranges, "requirements.txt")
        self.declare(extras, "pyproject.toml")
        others = [name for name in texts if folder / name not in read]
        choices = [declared.of_requirements(folder / name, read) for name in others]
        self.declare(declared.either(choices), ", ".join(others))
        for name in conda:
            read.append(folder / name)
            ranges, includes = declared.of_environment(declared.read_text(folder / name) or "")
            self.declare(ranges, name)
            for include in includes:
                self.declare(declared.of_requirements(folder / include, read), include)
        self.read += map(str, read)

    def declare(self, ranges: Mapping[str, tuple[str, ...]], source: str) -> None:
        """Note the ranges of one file; a library that it leaves open is left out."""
        bounded = {library: choices for library, choices in ranges.items() if all(choices)}
        if bounded:
            self.ranges.append((source, bounded))

    def install(self, prefix: str, words: str) -> None:
        """Note what an environment holds."""
        from peft_lint.versions.installed import of_environment

        releases, folders = of_environment(prefix)
        self.read += folders
        found = {library: (release,) for library, release in releases.items()}
        self.installed.append((f"installed in {words}", found))

    def claims(self) -> dict[str, Claim]:
        """Weigh the sources, library by library."""
        found = {library: self._claim(library) for library in LIBRARIES}
        return {library: claim for library, claim in found.items() if claim is not None}

    def _claim(self, library: str) -> Claim | None:
        bounds = [(source, said[library]) for source, said in self.ranges if library in said]
        allowed = bounds[0][1] if bounds else ()
        pins = [
            (f"pinned in {source}", {library: pinned})
            for source, choices in bounds
            if (pinned := tuple(filter(None, map(exact, choices)))) and len(pinned) == len(choices)
        ]
        for source, said in (*self.locked, *pins, *self.installed):
            candidates = [release for release in said.get(library, ()) if _in(release, allowed)]
            if candidates:
                release = max(candidates, key=key)
                held = (source, said) not in self.installed
                return Claim(release, source, allowed or ((f"=={release}",) if held else ()))
        if not allowed:
            return None
        known = [release for release in known_releases()[library] if _in(release, allowed)]
        floors = [floor for floor in map(lower_bound, allowed) if floor is not None]
        if not known and not floors:
            return None
        # Nothing known is allowed: the project asks for more than these facts cover.
        release = known[-1] if known else max(floors, key=key)
        return Claim(release, f"newest release that {bounds[0][0]} allows", allowed)


def _in(release: str, allowed: tuple[str, ...]) -> bool:
    """Return whether a release is one at all, and lies in one of the specifiers, if any."""
    try:
        key(release)
    except SpecifierError:
        return False
    return not allowed or any(satisfies(release, specifier) for specifier in allowed)
