"""A lock that dies with its process: who holds it is running, whatever a file says."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

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
        while not _take_or_say(stream, path):
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


class Claim:
    """A piece of work that this process, and no other, does: a locked file, which is gone once the claim is let go."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path, self._stream = path, stream

    def release(self) -> None:
        if sys.platform == "win32":  # An open file cannot be removed there; one that another process has open stays.
            self._stream.close()
        with suppress(OSError):
            self._path.unlink()  # While it is locked: whoever has opened it meanwhile sees that it is gone.
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def take_claim(path: Path) -> Claim | None:
    """Claim what `path` stands for, at once or not at all: None where another process or thread has claimed it.

    A claim whose process was killed is free. Where the disk knows no locks, everyone gets the claim.

    Raises:
        DixtillError: `path` cannot be written.
    """
    while True:
        try:
            stream = open(path, "ab")  # noqa: SIM115 - the claim keeps it open
        except OSError as error:
            raise DixtillError(f"Cannot write {path}: {error.strerror or error}.") from error
        try:
            is_taken = _take(stream, shared=False)
        except OSError:
            return Claim(path, stream)
        if not is_taken:
            stream.close()
            return None
        if _is_at(path, stream):
            return Claim(path, stream)
        stream.close()  # Its last holder removed it after we opened it.


def _is_at(path: Path, stream: IO[bytes]) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), os.stat(path))
    except OSError:
        return False


def _take_or_say(stream: IO[bytes], path: Path) -> bool:
    try:
        return _take(stream, shared=False)
    except OSError as error:
        raise DixtillError(f"Cannot lock {path}: {error.strerror or error}. Choose a folder on a disk of this machine.") from error


if sys.platform == "win32":
    import msvcrt

    def _take(stream: IO[bytes], *, shared: bool) -> bool:
        """Lock the first byte; closing the file unlocks it."""
        try:
            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _take(stream: IO[bytes], *, shared: bool) -> bool:
        """Lock the file, which belongs to this opening of it: closing it unlocks it."""
        try:
            fcntl.flock(stream.fileno(), (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
