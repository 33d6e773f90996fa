"""Values and files into an artifact store, and out of it: where digests, formats and the store meet."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from headwater import ids
from headwater.errors import HeadwaterError, Unsaveable, UsageError
from headwater.sdk.artifacts import formats
from headwater.sdk.artifacts.entries import Entry
from headwater.sdk.artifacts.store import ArtifactStore
from headwater.sdk.content import digest_of
from headwater.sdk.files import FileMark, mark_file

_PIECE_BYTES = 1 << 20


def save_value(store: ArtifactStore, value: object, name: str, format: str | None = None) -> Entry:  # noqa: A002  # the field's word
    """Save a value of any size; return its entry. Raises Unsaveable, MissingExtra, ArtifactError."""
    digest = content_of(value)
    chosen = formats.format_for(value, format)
    if (known := store.renew(digest, chosen.name if format else None)) is not None:
        return known

    def write(file: IO[bytes]) -> None:
        formats.written(chosen, value, file)
        if content_of(value) != digest:
            raise Unsaveable(f"{name} changed while it was saved")

    about = chosen.about(value)
    return store.put(lambda: digest, chosen.name, write, name=name, kind=kind_of(value), about=about)


def content_of(value: object) -> str:
    """Return the digest of a value's content, however large it is. Raises Unsaveable."""
    content = digest_of(value, sys.maxsize)
    if content.digest is None:
        raise Unsaveable(f"a {type(value).__name__} has no digest: {content.reason}")
    return content.digest


def kind_of(value: object) -> str:
    """Return the type of a value, for people."""
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


def save_file(store: ArtifactStore, path: str, name: str, mark: FileMark | None = None) -> Entry:
    """Save a file as it is now, or as it was when it was marked; return its entry.

    Raises Unsaveable when it is gone, cannot be read or has changed since, or changes meanwhile.
    """
    marked = mark or mark_file(path)
    if marked is None:
        raise Unsaveable(f"there is no file {path!r}", hint="to save a text itself, say format='text'")
    hashed = hashlib.sha256()

    def write(file: IO[bytes]) -> None:
        nonlocal hashed
        hashed = hashlib.sha256()
        _copied(marked, hashed.update, file)
        if marked.content is not None and marked.content.digest not in (None, digest()):
            raise Unsaveable(f"{path} has changed since")

    def digest() -> str:
        return f"sha256:{hashed.hexdigest()}"

    known = None if marked.content is None or marked.content.digest is None else store.renew(marked.content.digest)
    return known or store.put(digest, formats.FILE, write, name=name)


def _copied(mark: FileMark, update: Callable[[bytes], None], to: IO[bytes]) -> None:
    """Copy the file to another, and each piece of it to `update`. Raises Unsaveable."""
    try:
        source = open(mark.path, "rb")  # noqa: SIM115, PTH123  # closed below; a name need not be a valid path
    except OSError as exc:
        raise Unsaveable(f"{mark.path} cannot be read: {exc.strerror or exc}") from exc
    with source:
        _check_unchanged(source, mark)
        while piece := _piece(source, mark):
            update(piece)
            to.write(piece)
        _check_unchanged(source, mark)


def _piece(source: IO[bytes], mark: FileMark) -> bytes:
    try:
        return source.read(_PIECE_BYTES)
    except OSError as exc:
        raise Unsaveable(f"{mark.path} cannot be read: {exc.strerror or exc}") from exc


def _check_unchanged(file: IO[bytes], mark: FileMark) -> None:
    found = os.fstat(file.fileno())
    if (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns) != mark.key:
        raise Unsaveable(f"{mark.path} has changed since")


def load_entry(store: ArtifactStore, entry: Entry, format: str | None = None) -> Any:  # noqa: A002  # the field's word
    """Return the saved value; of a file, or of a format without one, the file to read.

    Raises PickledArtifact unless joblib is asked for, DamagedArtifact, MissingExtra, UsageError.
    """
    chosen = formats.reading(entry.format, format)
    return formats.read(chosen, store.open(entry), entry.about)


def write_to(store: ArtifactStore, entry: Entry, path: Path, *, replaces: bool = False) -> Path:
    """Write the saved bytes to a file, which has all of them or does not appear; return its path.

    Raises UsageError when there is one and it is not to be replaced, or when it cannot be written, DamagedArtifact.
    """
    part = path.with_name(f"{path.name}.{ids.new_run_id()}.part")
    try:
        if path.exists() and not replaces:
            raise UsageError(f"{path} is there already", hint="name another file, or say that it may be replaced")
        with part.open("xb") as file, store.open(entry) as payload:
            shutil.copyfileobj(payload, file, _PIECE_BYTES)
        part.replace(path)
    except HeadwaterError:
        raise
    except OSError as exc:
        raise UsageError(f"{path} cannot be written: {exc.strerror or exc}", hint="name another file") from exc
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return path


def file_name(entry: Entry, name: str | None = None) -> str:
    """Return what a file with the payload may be called: the last part of the name, with the suffix of the format."""
    last = Path((name or entry.name or entry.digest).replace("\\", "/").replace("\0", "")).name or "artifact"
    suffix = formats.FORMATS[entry.format].suffix if entry.format in formats.FORMATS else ""
    return last if last.endswith(suffix) else last + suffix
