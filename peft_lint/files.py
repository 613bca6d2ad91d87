"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat


def replace(path: str, data: bytes) -> None:
    """Put `data` in the place of a file, keeping its mode; raise OSError and leave it as it was.

    A symbolic link stays, and what it points to is replaced. What is read-only is left alone,
    though the folder would let another file take its place.
    """
    real = os.path.realpath(path)
    mode = os.stat(real).st_mode
    if not stat.S_ISREG(mode):
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP), path)
    # The mode says it to the superuser as well, who may write everything.
    if not mode & 0o222 or not os.access(real, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    _put(real, data, stat.S_IMODE(mode))


def write(path: str, data: bytes) -> None:
    """Put `data` into a file, whether it is there or not; raise OSError if that cannot be.

    A device or a pipe takes it and stays what it is.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        _put(os.path.realpath(path), data)
        return
    if stat.S_ISREG(mode):
        replace(path, data)
    else:
        with open(path, "wb") as stream:
            stream.write(data)


def _put(real: str, data: bytes, mode: int | None = None) -> None:
    """Write a file under another name, and give it its own once it is whole."""
    folder, name = os.path.split(real)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(temporary, flags, 0o666 if mode is None else 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, real)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
