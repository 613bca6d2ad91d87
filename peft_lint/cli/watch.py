"""`--watch`: the check once more whenever a file changes that it may depend on."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable
from contextlib import suppress

from peft_lint import settings, versions
from peft_lint.cli import UsageError, complain
from peft_lint.cli.check import check
from peft_lint.cli.options import CheckOptions
from peft_lint.discovery import DEFAULT_EXCLUDES
from peft_lint.settings import SettingsError
from peft_lint.sources import SUFFIXES

# Beside the files themselves: settings, releases, what is left out, and adapters on disk.
_ENDINGS = (
    *SUFFIXES,
    ".toml",
    ".lock",
    ".gitignore",
    "requirements.txt",
    "environment.yml",
    "adapter_config.json",
)
# In milliseconds. The first turn comes after it, and the first check is made in that one: what
# changes during a check is then seen.
_TURN = 100


def watch(options: CheckOptions) -> int:
    """Check until the keyboard interrupts it, which is how it is meant to end."""
    try:
        import watchfiles
    except ModuleNotFoundError as error:
        if error.name != "watchfiles":
            raise
        raise UsageError("--watch needs watchfiles: install peft-lint[watch]") from None
    for path in options.paths:
        if not os.path.exists(path):
            raise UsageError(f"{path}: no such file or folder")
    # Unlike a single run this one lasts.
    gc.enable()
    watched = _Watched(options.paths)
    begun = False
    try:
        while True:
            roots = watched.standing()
            turns = watchfiles.watch(
                *roots,
                watch_filter=lambda _, path: watched.concerns(path),
                recursive=bool(watched.folders),
                rust_timeout=_TURN,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            )
            try:
                next(turns)
            except FileNotFoundError:
                # Taken away this very moment.
                continue
            watched.look()
            if begun:
                _again(options)
            else:
                check(options)
                _say("watching, Ctrl-C ends it")
                begun = True
            for changes in turns:
                gone = {path for change, path in changes if change is watchfiles.Change.deleted}
                # Whoever watches a folder sees nothing of another one in its place.
                if watched.standing() != roots or not gone.isdisjoint(roots):
                    _say("a watched folder was taken away or made anew")
                    break
                if changes:
                    _say(_changed(path for _, path in changes))
                    watched.look()
                    _again(options)
    except KeyboardInterrupt:
        _say("ended")
    return 0


class _Watched:
    """The named folders, and the folders of named files: editors put a new file in the place."""

    def __init__(self, paths: Iterable[str]) -> None:
        full = [os.path.realpath(path) for path in paths]
        self.folders = [path for path in full if os.path.isdir(path)]
        self.files = {path for path in full if not os.path.isdir(path)}
        self._roots = sorted({*self.folders, *map(os.path.dirname, self.files)})
        self._inner: set[str] = set()

    def standing(self) -> dict[str, tuple[int, int]]:
        """Return the folders to watch that are there now, each with what tells it from another."""
        found = {}
        for root in self._roots:
            with suppress(OSError):
                state = os.stat(root)
                found[root] = (state.st_dev, state.st_ino)
        return found

    def look(self) -> None:
        """Note the folders within: of one that is moved away nothing else is told."""
        self._inner.clear()
        for folder in self.folders:
            for path, names, _ in os.walk(folder):
                names[:] = [name for name in names if name not in DEFAULT_EXCLUDES]
                self._inner.update(os.path.join(path, name) for name in names)

    def concerns(self, path: str) -> bool:
        """Return whether the check may depend on a file or a folder that has changed."""
        if path in self.files or path in self._roots:
            return True
        # In a new folder files may lie before anybody watches it.
        return (path.endswith(_ENDINGS) or path in self._inner or os.path.isdir(path)) and any(
            path.startswith(os.path.join(folder, ""))
            and DEFAULT_EXCLUDES.isdisjoint(os.path.relpath(path, folder).split(os.sep))
            for folder in self.folders
        )


def _again(options: CheckOptions) -> None:
    settings.forget()
    versions.forget()
    try:
        check(options)
    except (UsageError, SettingsError) as error:
        # It may be half written: the next change mends it.
        complain(str(error))


def _changed(paths: Iterable[str]) -> str:
    names = sorted({os.path.relpath(path) for path in paths})
    return f"{names[0] if len(names) == 1 else f'{len(names)} files'} changed"


def _say(text: str) -> None:
    sys.stdout.flush()
    print(f"peft-lint: {text}", file=sys.stderr, flush=True)
