"""Headwater's own facts, one JSON document a line: what `export facts` writes, without any loss."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from headwater.errors import SourceError
from headwater.graph.facts import Fact
from headwater.graph.wire import fact_from_dict
from headwater.loaders.base import Found, Item, Place, attempt
from headwater.loaders.files import Line, files, fingerprint, lines, total_bytes

SUFFIXES = (".jsonl", ".ndjson")
_TIMES = ("at", "ended_at", "started_at")


@dataclass(frozen=True, slots=True)
class FactsLoader:
    """Reads a file, or every .jsonl and .ndjson file of a folder, plain or gzip; one line at a time is in memory."""

    kind: ClassVar[str] = "facts"

    def read(self, source: str) -> Iterator[Found]:
        """Give the fact of each line. Raises SourceError when a file is not there or its packing is damaged."""
        before = 0
        for path in files(source, SUFFIXES):
            for line in lines(path):
                place, position = Place(str(path), line.number), before + line.position
                if line.content != b"":
                    yield attempt(place, lambda line=line, at=place, to=position: _item(line, at, to), position)  # type: ignore[misc]
            before += path.stat().st_size

    def total(self, source: str) -> int:
        """Return the size of the files in bytes."""
        return total_bytes(files(source, SUFFIXES))

    def fingerprint(self, source: str) -> str:
        """Return a text that changes when a file does."""
        return fingerprint(files(source, SUFFIXES))


def _item(line: Line, place: Place, position: int) -> Item:
    if line.content is None:
        raise SourceError("the line is longer than any fact may be")
    try:
        document = json.loads(line.content)
    except (ValueError, RecursionError) as exc:
        raise SourceError(f"no whole JSON: {exc}") from exc
    fact = dated_fact(document)
    return Item(str(document["fact"]), place, (fact,), position=position)


def dated_fact(document: Mapping[str, Any]) -> Fact:
    """Return the fact of a document that says its own time, as every export does.

    Raises InvalidFact, and SourceError for one without: it would be another fact at each import.
    """
    fact = fact_from_dict(document)
    if not any(document.get(key) for key in _TIMES):
        raise SourceError("the fact says no time", hint="add `at`")
    return fact
