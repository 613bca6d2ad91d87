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
    mode = stat.S_IMODE(os.stat(real).st_mode)
    # The mode says it to the superuser as well, who may write everything.
    if not mode & 0o222 or not os.access(real, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    folder, name = os.path.split(real)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, real)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def write(path: str, data: bytes) -> None:
    """Put `data` into a file, whether it is there or not; raise OSError if that cannot be."""
    if os.path.exists(path):
        replace(path, data)
    else:
        with open(path, "xb") as stream:
            stream.write(data)
