"""Payloads at any URL that fsspec knows: s3://, gs://, abfs://, sftp://, memory:// ... (extra `artifacts-remote`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any, TypeVar

from headwater import clock
from headwater.errors import ArtifactsUnavailable, MissingExtra, UsageError
from headwater.sdk.artifacts.parallel import Pool
from headwater.sdk.artifacts.places import Found, scratch

T = TypeVar("T")

_AT_ONCE = 16
_WRITTEN = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")


class Remote:
    """A folder at a URL. One write of one key is as atomic as the service makes it; object stores do."""

    is_near = False

    def __init__(self, url: str) -> None:
        self._shown = shown(url)
        try:
            from fsspec.core import url_to_fs
        except ModuleNotFoundError as exc:
            raise MissingExtra("fsspec is not installed", hint="pip install 'headwater[artifacts-remote]'") from exc
        try:
            self._files, self._root = url_to_fs(url, use_listings_cache=False)
        except ImportError as exc:
            raise MissingExtra(
                f"{self._shown} cannot be used: {exc}", hint="install the package that it names"
            ) from exc
        except ValueError as exc:
            raise UsageError(
                f"artifacts cannot lie at {self._shown}: {exc}", hint="correct HEADWATER_ARTIFACTS"
            ) from exc

    def __str__(self) -> str:
        return self._shown

    def read(self, key: str) -> bytes:
        """Return the bytes; raises FileNotFoundError."""
        found: bytes = self._asked(lambda: self._files.cat_file(self._path(key)))
        return found

    def write(self, key: str, data: bytes) -> None:
        """Keep the bytes; they last when it returns."""
        self._asked(lambda: self._write(self._path(key), data))

    def _write(self, path: str, data: bytes) -> None:
        try:
            self._files.pipe_file(path, data)
        except FileNotFoundError:  # a service with folders
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(path, data)

    def sizes(self, keys: Sequence[str]) -> list[int | None]:
        """Return the size of each, None of those that are not there."""
        if len(keys) <= 1:
            return [self._size(key) for key in keys]
        with Pool(self._size, _AT_ONCE) as pool:
            for key in keys:
                pool.put(key)
            return pool.results()

    def _size(self, key: str) -> int | None:
        try:
            return int(self._asked(lambda: self._files.size(self._path(key))))
        except FileNotFoundError:
            return None

    def found(self, under: str) -> Iterator[Found]:
        """Give everything whose key begins with this word and a slash."""
        try:
            listed: dict[str, Any] = self._asked(lambda: self._files.find(self._path(under), detail=True))
        except FileNotFoundError:
            return
        root = self._root.rstrip("/") + "/"
        for path, about in listed.items():
            yield Found(path.removeprefix(root), int(about["size"] or 0), _written_s(about))

    def move(self, key: str, to: str) -> bool:
        """Copy the bytes, then remove them where they were; return False when they are not there."""
        try:
            self.write(to, self.read(key))
        except FileNotFoundError:
            return False
        self.remove(key)
        return True

    def remove(self, key: str) -> None:
        """Forget the bytes, if they are there."""
        try:
            self._asked(lambda: self._files.rm_file(self._path(key)))
        except FileNotFoundError:
            return

    def clear_parts(self) -> int:
        """Do nothing: there are no parts."""
        return 0

    @contextmanager
    def sweeping(self) -> Iterator[None]:
        """Services have no locks: that there is one sweep at a time is its caller's to see to."""
        yield

    def scratch(self) -> IO[bytes]:
        """Return an empty file of this machine."""
        return scratch()

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}"

    def _asked(self, question: Callable[[], T]) -> T:
        """Ask the service; its client's own exceptions become ArtifactsUnavailable."""
        try:
            return question()
        except OSError:
            raise
        except Exception as exc:
            raise ArtifactsUnavailable(f"{self._shown} does not answer: {type(exc).__name__}: {exc}") from exc


def shown(url: str) -> str:
    """Return the URL without what may be secret: user, password and query."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"


def _written_s(about: dict[str, Any]) -> float:
    """Return when something was written; where the service does not tell, it counts as new."""
    found = next((about[key] for key in _WRITTEN if about.get(key)), None)
    if isinstance(found, datetime):
        return found.timestamp()
    return float(found) if isinstance(found, (int, float)) else clock.now().timestamp()
