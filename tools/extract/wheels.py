"""The released wheels of a library, one after the other, as source text."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.extract.source import Package


def packages(
    library: str, releases: Iterable[str], kept: Path | None, typing: bool = False
) -> Iterator[tuple[str, Package]]:
    """Yield each release with its parsed package.

    Wheels that are in the folder `kept` are taken from there, and new ones are kept there;
    without it each is deleted as soon as it has been read.
    """
    for release in releases:
        with tempfile.TemporaryDirectory() as scratch:
            folder = kept or Path(scratch)
            wheel = _wheel(folder, library, release) or _download(folder, library, release)
            yield release, _read(library, wheel, typing)


def _wheel(folder: Path, library: str, release: str) -> Path | None:
    return next(folder.glob(f"{library.replace('-', '_')}-{release}-*.whl"), None)


def _download(folder: Path, library: str, release: str) -> Path:
    # Only wheels: to make one of a source archive would run its code.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--ignore-requires-python", "--dest", str(folder)]
    subprocess.run([*command, f"{library}=={release}"], check=True)
    wheel = _wheel(folder, library, release)
    if wheel is None:
        raise SystemExit(f"pip has downloaded no wheel of {library} {release}")
    return wheel


def _read(library: str, wheel: Path, typing: bool) -> Package:
    with zipfile.ZipFile(wheel) as archive:
        files = {
            name: archive.read(name).decode("utf-8")
            for name in archive.namelist()
            if name.startswith(f"{library}/") and name.endswith(".py")
        }
    return Package(library, files, typing)
