"""Where payloads lie: keys with bytes, in a folder of this machine. `remote` has the same for any URL of fsspec.

Knows nothing of artifacts. A key appears with all of its bytes or not at all, whatever happens to the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile, gettempdir
from typing import IO, NamedTuple, Protocol

from headwater import clock, ids
from headwater.sdk.spool import sync_folder

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

_PARTS = "parts"
_ABANDONED_S = 3600.0
_ATTEMPTS = 5
_IN_MEMORY_BYTES = 8 << 20


class Found(NamedTuple):
    """A key, the size of its bytes, and when they were written, in seconds since 1970."""

    key: str
    size_bytes: int
    written_s: float


class Place(Protocol):
    """Keys with bytes. Every method may raise OSError; all are safe to call from many threads."""

    is_near: bool

    def read(self, key: str) -> bytes:
        """Return the bytes; raises FileNotFoundError."""
        ...

    def write(self, key: str, data: bytes) -> None:
        """Keep the bytes; they last when it returns."""
        ...

    def sizes(self, keys: Sequence[str]) -> list[int | None]:
        """Return the size of each, None of those that are not there."""
        ...

    def found(self, under: str) -> Iterator[Found]:
        """Give everything whose key begins with this word and a slash."""
        ...

    def move(self, key: str, to: str) -> bool:
        """Give the bytes another key; return False when they are not there."""
        ...

    def remove(self, key: str) -> None:
        """Forget the bytes, if they are there."""
        ...

    def clear_parts(self) -> int:
        """Remove what writers that are gone have left half-written; return how many bytes that were."""
        ...

    @contextmanager
    def sweeping(self) -> Iterator[None]:
        """Keep other sweeps out; raises BlockingIOError when one is under way."""
        yield

    def scratch(self) -> IO[bytes]:
        """Return an empty file that is gone when it is closed, or its process ends."""
        ...


class Folder:
    """A folder of this machine."""

    is_near = True

    def __init__(self, root: Path) -> None:
        self._root = root

    def __str__(self) -> str:
        return str(self._root)

    def read(self, key: str) -> bytes:
        """Return the bytes; raises FileNotFoundError."""
        return (self._root / key).read_bytes()

    def write(self, key: str, data: bytes) -> None:
        """Write another file, bring it to the disk, and give it the name."""
        path = self._root / key
        for attempt in range(_ATTEMPTS):
            _make_folder(path.parent)
            try:
                self._write(path, data)
                break
            except FileNotFoundError:  # a sweep may take a part for abandoned in the moment before it is locked
                if attempt == _ATTEMPTS - 1:
                    raise
        sync_folder(path.parent)

    def _write(self, path: Path, data: bytes) -> None:
        part = self._parts() / f"{ids.new_run_id()}.part"
        try:
            with part.open("xb") as file:
                is_locked = _lock(file, waits=True)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                if is_locked:  # while the lock tells that the writer lives, nobody clears the part away
                    part.replace(path)
            if not is_locked:
                part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    def sizes(self, keys: Sequence[str]) -> list[int | None]:
        """Return the size of each, None of those that are not there."""
        return [self._size(key) for key in keys]

    def _size(self, key: str) -> int | None:
        try:
            return (self._root / key).stat().st_size
        except FileNotFoundError:
            return None

    def found(self, under: str) -> Iterator[Found]:
        """Give everything whose key begins with this word and a slash."""
        for folder, _, files in os.walk(self._root / under):
            for name in files:
                path = Path(folder, name)
                with suppress(FileNotFoundError):
                    about = path.stat()
                    yield Found(path.relative_to(self._root).as_posix(), about.st_size, about.st_mtime)

    def move(self, key: str, to: str) -> bool:
        """Give the bytes another key; return False when they are not there."""
        _make_folder((self._root / to).parent)
        try:
            (self._root / key).replace(self._root / to)
        except FileNotFoundError:
            return False
        return True

    def remove(self, key: str) -> None:
        """Forget the bytes, if they are there."""
        (self._root / key).unlink(missing_ok=True)
        sync_folder((self._root / key).parent)

    def clear_parts(self) -> int:
        """Remove the parts that no living writer holds a lock on."""
        return sum(_cleared(self._root / found.key, found) for found in list(self.found(_PARTS)))

    @contextmanager
    def sweeping(self) -> Iterator[None]:
        """Keep other sweeps out; raises BlockingIOError when one is under way."""
        _make_folder(self._root)
        with (self._root / "sweep.lock").open("ab") as file:
            _lock(file)
            yield

    def scratch(self) -> IO[bytes]:
        """Return an empty file that is gone when it is closed, or its process ends."""
        return SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(self._parts()))

    def _parts(self) -> Path:
        parts = self._root / _PARTS
        _make_folder(parts)
        return parts


def scratch() -> IO[bytes]:
    """Return such a file in the machine's folder for temporary files."""
    return SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=gettempdir())


def _make_folder(folder: Path) -> None:
    """Make the folder so that it lasts; a file in it would otherwise be lost with it."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def _lock(file: IO[bytes], *, waits: bool = False) -> bool:
    """Lock the file as long as it is open, also against other processes; return False where there are no locks.

    Raises BlockingIOError when another holds it, unless it waits.
    """
    if fcntl is None:
        return False
    fcntl.flock(file.fileno(), fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True


def _cleared(path: Path, found: Found) -> int:
    with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
        is_old = clock.now().timestamp() - found.written_s > _ABANDONED_S
        if _lock(file) or is_old:
            path.unlink(missing_ok=True)
            return found.size_bytes
    return 0
