"""What is kept of an artifact beside its chunks: which content, in which format, and from which chunks it is made.

An entry is found by the digest of the content, as the graph has it; the payload is one way to write that content down.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from headwater import clock
from headwater.errors import DamagedArtifact
from headwater.graph.values import JSON

_VERSION = 1


class Chunk(NamedTuple):
    """Some bytes of a payload, by their SHA-256 in hexadecimal digits."""

    sha256: str
    size_bytes: int

    @property
    def key(self) -> str:
        """Where it lies."""
        return f"chunks/{self.sha256[:2]}/{self.sha256}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A saved artifact.

    `kind` is the type of the value, `about` what the format needs to know of it, `graphs` the lineage graphs for which
    it was saved.
    """

    digest: str
    format: str
    size_bytes: int
    chunks: tuple[Chunk, ...]
    saved_at: datetime
    name: str | None = None
    kind: str | None = None
    about: Mapping[str, JSON] = field(default_factory=dict)
    graphs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Where it lies."""
        return key_of(self.digest)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of it, without the chunks."""
        found = asdict(self)
        del found["chunks"]
        return {**found, "saved_at": clock.isoformat(self.saved_at), "chunks": len(self.chunks)}


def key_of(digest: str) -> str:
    """Return where the entry of a content lies: digests may hold any character, so by a hash of the digest."""
    mark = hashlib.sha256(digest.encode()).hexdigest()
    return f"entries/{mark[:2]}/{mark}.json"


def encoded(entry: Entry) -> bytes:
    """Return the entry as JSON with a checksum of itself."""
    document = {**entry.to_dict(), "chunks": entry.chunks, "version": _VERSION}
    return json.dumps({**document, "check": _check(document)}).encode()


def decoded(data: bytes, key: str) -> Entry:
    """Return the entry of such JSON. Raises DamagedArtifact, naming the key."""
    document: dict[str, Any] = {}
    with suppress(ValueError):
        document = json.loads(data)
    if not isinstance(document, dict) or document.pop("check", None) != _check(document):
        raise DamagedArtifact(f"the entry {key} is damaged")
    if (version := document.pop("version")) != _VERSION:
        raise DamagedArtifact(f"the entry {key} has version {version}", hint="upgrade headwater")
    chunks = tuple(Chunk(*chunk) for chunk in document.pop("chunks"))
    graphs = tuple(document.pop("graphs"))
    saved_at = datetime.fromisoformat(document.pop("saved_at"))
    return Entry(**document, saved_at=saved_at, chunks=chunks, graphs=graphs)


def _check(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
