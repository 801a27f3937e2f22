"""A lock that dies with its process: who holds it is running, whatever a file says."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from dixtill_core.errors import DixtillError

WAIT_SECONDS = 2.0
"""For a reader that is looking whether anyone holds the lock."""


class LockedError(DixtillError):
    """Somebody else holds the lock."""


@contextmanager
def hold_lock(path: Path, message: str, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock at `path` until the block ends.

    Raises:
        LockedError: `message`, where another process or thread holds it for longer than `wait` seconds.
    """
    try:
        stream = open(path, "ab")  # noqa: SIM115 - closed below, which lets the lock go
    except OSError as error:
        raise DixtillError(f"Cannot write {path}: {error.strerror or error}.") from error
    with stream:
        until = time.monotonic() + wait
        while not _take(stream, shared=False):
            if time.monotonic() > until:
                raise LockedError(message)
            time.sleep(0.02)
        yield


def is_held(path: Path) -> bool:
    """Whether anyone holds the lock at `path` now."""
    try:
        with open(path, "rb+") as stream:
            return not _take(stream, shared=True)  # Readers do not stand in each other's way.
    except OSError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _take(stream: IO[bytes], *, shared: bool) -> bool:
        """Lock the first byte; closing the file unlocks it."""
        try:
            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(stream: IO[bytes], *, shared: bool) -> bool:
        """Lock the file, which belongs to this opening of it: closing it unlocks it."""
        try:
            fcntl.flock(stream.fileno(), (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
