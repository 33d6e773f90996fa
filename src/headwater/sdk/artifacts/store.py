"""The artifact store: payloads by the digest of the content, in chunks that equal payloads share.

Nothing is locked. A writer keeps its chunks, then its entry, and then looks whether all chunks are still there; a sweep
takes chunks away, then looks whether an entry needs them after all. Whichever comes later sees the other.
"""

from __future__ import annotations

import errno
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import IO, Any

from headwater import clock
from headwater.errors import ArtifactsFull, ArtifactsUnavailable, DamagedArtifact, UnknownArtifact
from headwater.graph.values import JSON
from headwater.sdk.artifacts.entries import Chunk, Entry, decoded, encoded, key_of
from headwater.sdk.artifacts.parallel import Pool
from headwater.sdk.artifacts.places import Place
from headwater.sdk.artifacts.streams import ChunkReader, ChunkWriter

TRASH = "trash/"
_ATTEMPTS = 3
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Write = Callable[[IO[bytes]], object]


class ArtifactStore:
    """Payloads at a place, saved for a lineage graph, which may share the place with others.

    Every method raises ArtifactsUnavailable or ArtifactsFull when the place fails.
    """

    def __init__(self, place: Place, graph: str = "") -> None:
        self.place = place
        self.graph = graph

    def has(self, digest: str) -> bool:
        """Whether something is saved of the content."""
        with self.failing():
            return self.place.sizes([key_of(digest)]) != [None]

    def entry(self, digest: str) -> Entry:
        """Return the entry of a content. Raises UnknownArtifact, DamagedArtifact."""
        key = key_of(digest)
        with self.failing():
            try:
                return decoded(self._read(key), key)
            except FileNotFoundError:
                raise UnknownArtifact(f"nothing is saved of the content {digest!r}") from None

    def entries(self, damaged: list[str] | None = None) -> Iterator[Entry]:
        """Give all entries, in no order. A damaged one raises DamagedArtifact, or is told to the list."""
        with self.failing():
            for found in self.place.found("entries"):
                try:
                    yield decoded(self.place.read(found.key), found.key)
                except FileNotFoundError:  # removed meanwhile
                    continue
                except DamagedArtifact as exc:
                    if damaged is None:
                        raise
                    damaged.append(f"{self.place}: {exc.message}")

    def renew(self, digest: str, format: str | None = None) -> Entry | None:  # noqa: A002  # the field's word
        """Return the entry as saved just now, so that no sweep takes it for forgotten; None unless it is whole.

        None too when it is in another format.
        """
        with self.failing():
            known = self._known(digest)
            if known is None or format not in (None, known.format):
                return None
            now = replace(known, saved_at=clock.now(), graphs=self._graphs(known))
            self.place.write(now.key, encoded(now))
            return now if self._is_whole(now) else None

    def put(
        self,
        digest: Callable[[], str],
        format: str,  # noqa: A002  # the field's word
        write: Write,
        *,
        name: str | None = None,
        kind: str | None = None,
        about: Mapping[str, JSON] | None = None,
    ) -> Entry:
        """Keep the bytes that `write` writes to a file, under the digest that is asked for when all are written."""
        with self.failing():
            for _ in range(_ATTEMPTS):
                with Pool(self._kept) as pool:
                    writer = ChunkWriter(pool.put)
                    write(writer)  # type: ignore[arg-type]
                    size = writer.finish()
                found = digest()
                graphs = self._graphs(self._known(found))
                entry = Entry(found, format, size, tuple(pool.results()), clock.now(), name, kind, about or {}, graphs)
                self.place.write(entry.key, encoded(entry))
                if self._is_whole(entry):
                    return entry
            raise ArtifactsUnavailable(f"{self.place}: chunks were removed as often as they were written")

    def open(self, entry: Entry) -> io.BufferedReader:
        """Return the payload as a file to read and to seek in; reading raises DamagedArtifact, chunk by chunk."""
        chunks = entry.chunks
        return io.BufferedReader(ChunkReader([c.size_bytes for c in chunks], lambda n: self.chunk(chunks[n])))

    def chunk(self, chunk: Chunk) -> bytes:
        """Return the bytes of a chunk. Raises DamagedArtifact."""
        with self.failing():
            try:
                data = self._read(chunk.key)
            except FileNotFoundError:
                raise DamagedArtifact(
                    f"{self.place}/{chunk.key} is missing", hint="save the same value again"
                ) from None
        if hashlib.sha256(data).hexdigest() != chunk.sha256:
            raise DamagedArtifact(f"{self.place}/{chunk.key} is damaged")
        return data

    def faults(self, entry: Entry) -> list[str]:
        """Return what is wrong with a payload, nothing when it can be read as it was saved."""
        found = []
        for chunk in dict.fromkeys(entry.chunks):
            try:
                self.chunk(chunk)
            except DamagedArtifact as exc:
                found.append(exc.message)
        return found

    def _known(self, digest: str) -> Entry | None:
        with suppress(UnknownArtifact, DamagedArtifact):
            return self.entry(digest)
        return None

    def _graphs(self, known: Entry | None) -> tuple[str, ...]:
        return tuple(sorted({self.graph, *(() if known is None else known.graphs)}))

    def _kept(self, data: bytes) -> Chunk:
        chunk = Chunk(hashlib.sha256(data).hexdigest(), len(data))
        if self.place.sizes([chunk.key]) != [chunk.size_bytes]:
            self.place.write(chunk.key, data)
        return chunk

    def _is_whole(self, entry: Entry) -> bool:
        chunks = list(dict.fromkeys(entry.chunks))
        return self.place.sizes([chunk.key for chunk in chunks]) == [chunk.size_bytes for chunk in chunks]

    def _read(self, key: str) -> bytes:
        """Return the bytes of a key, also while a sweep looks whether they are needed."""
        try:
            return self.place.read(key)
        except FileNotFoundError:
            with suppress(FileNotFoundError):
                return self.place.read(TRASH + key)
            return self.place.read(key)

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Raise what the place raises by its name in Headwater; FileNotFoundError is the caller's to handle."""
        try:
            yield
        except (FileNotFoundError, ArtifactsUnavailable):
            raise
        except OSError as exc:
            raise _named(exc, self.place) from exc


def _named(error: OSError, place: Any) -> ArtifactsFull | ArtifactsUnavailable:
    why = error.strerror or type(error).__name__
    if error.errno in _FULL:
        return ArtifactsFull(f"{place} cannot be written: {why}")
    return ArtifactsUnavailable(f"{place} cannot be used: {why}")
