"""What loaders of databases share: statements in files, rows by their owner, values that JSON can hold, ids of runs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from importlib import resources
from typing import Any, Generic, TypeVar

from headwater.graph.values import JSON
from headwater.queries.body import Dialect
from headwater.queries.template import Template, parse

T = TypeVar("T")

# A fact's texts end at 1 MiB, in bytes of UTF-8 and with the quotes of JSON.
MOST_CHARACTERS = 1 << 18
_DIALECTS: Mapping[str, Dialect] = {".cypher": "cypher", ".sql": "sql"}


@cache
def statement(package: str, file: str) -> Template:
    """Return the statement that a file beside a loader holds.

    It keeps the format of the query catalogue, but stands alone: somebody else's database speaks one language.
    """
    path = resources.files(package) / file
    return parse(path.read_text("utf-8"), str(path), _DIALECTS[file[file.rindex(".") :]])


class Groups(Generic[T]):
    """Rows that come in the order of their owners, handed out owner by owner: one owner's are in memory."""

    def __init__(self, rows: Iterable[T], owner: Callable[[T], int]) -> None:
        self._rows = iter(rows)
        self._owner = owner
        self._next = next(self._rows, None)

    def of(self, owner: int) -> list[T]:
        """Return the rows of this owner and pass over those before; ask in the order of the owners."""
        found = []
        while self._next is not None and self._owner(self._next) <= owner:
            if self._owner(self._next) == owner:
                found.append(self._next)
            self._next = next(self._rows, None)
        return found


def plain(value: Any) -> JSON:
    """Return a database's value as JSON: times as ISO text, numbers that JSON lacks as text, bytes as their digest."""
    if isinstance(value, str):
        return value if len(value) <= MOST_CHARACTERS else seal(value.encode(errors="surrogatepass"))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return seal(bytes(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else _scalar(value)


def _scalar(value: Any) -> JSON:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value.isoformat() if isinstance(value, (datetime, date, time)) else str(value)


def seal(content: bytes) -> dict[str, JSON]:
    """Return what stands for content that is not kept: its size in bytes and its SHA-256."""
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def run_id(kind: str, ident: object, started: datetime) -> str:
    """Return the id of a run that its database only numbers: two databases number alike, but not at one millisecond."""
    at = started.astimezone(UTC)
    return f"{kind}-{ident}-{at:%Y%m%dT%H%M%S}{at.microsecond // 1_000:03}"
