"""What a loader is: it reads one kind of source and gives, record by record, the facts that it comes to.

Knows no store. A loader says where each record stands, what it kept without interpreting it, and what it could not
read; it never writes and never raises for one bad record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, TypeAlias

from headwater.errors import HeadwaterError
from headwater.graph.facts import Fact


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a source something stands: file, database or URL, the line from 1, the path within the record."""

    file: str
    line: int | None = None
    path: str = ""

    def __str__(self) -> str:
        line = "" if self.line is None else f":{self.line}"
        return f"{self.file}{line}{' ' if self.path else ''}{self.path}"


@dataclass(frozen=True, slots=True)
class Item:
    """One record: `kind` is the source's word for it, `opaque` names the content that is kept but not interpreted.

    `position` is how far the source has been read behind it, in units of `Loader.total`.
    """

    kind: str
    place: Place
    facts: tuple[Fact, ...]
    opaque: tuple[str, ...] = ()
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What a loader could not read (`skipped`), or read with a doubt (`warning`), where, and why."""

    place: Place
    reason: str
    severity: Literal["skipped", "warning"] = "skipped"
    position: int | None = None


Found: TypeAlias = "Item | Problem"


class Loader(Protocol):
    """Reads one kind of source. Its dataclass fields are its options: `headwater import KIND SOURCE -o name=value`.

    Others add kinds under the entry-point group `headwater.loaders`.
    """

    kind: ClassVar[str]

    def read(self, source: str) -> Iterator[Found]:
        """Give what the source holds, in the same order each time, in memory that does not grow with it.

        Raises SourceError when the source as a whole is not what it was said to be.
        """
        ...

    def total(self, source: str) -> int | None:
        """Return how much there is to read, for the progress: bytes or records; None when nobody can know."""
        ...

    def fingerprint(self, source: str) -> str | None:
        """Return a text that changes when the source does; None when an interrupted import must begin anew."""
        ...


def attempt(place: Place, make: Callable[[], Found], position: int | None = None) -> Found:
    """Return what `make` makes, or the problem that it named by raising a HeadwaterError."""
    try:
        return make()
    except HeadwaterError as exc:
        return Problem(place, str(exc), position=position)
