"""The loader: every event of some files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from headwater.errors import HeadwaterError, SourceError
from headwater.loaders.base import Found, Item, Place, Problem
from headwater.loaders.files import files, fingerprint, total_bytes
from headwater.loaders.openlineage.mapping import event_facts
from headwater.loaders.openlineage.records import SUFFIXES, Record, records


@dataclass(frozen=True, slots=True)
class OpenLineageLoader:
    """Reads a file, or every .json, .ndjson and .jsonl file of a folder and those in it, plain or gzip.

    With `symlinks` (the default) a dataset is read and written under its other names too.
    """

    symlinks: bool = True
    kind: ClassVar[str] = "openlineage"

    def read(self, source: str) -> Iterator[Found]:
        """Give what each event comes to. Raises SourceError when the source is one file that holds no JSON."""
        paths = files(source, SUFFIXES)
        before = 0
        for path in paths:
            for number, record in enumerate(records(path)):
                if record.problem and number == 0 and len(paths) == 1 and record.line is None:
                    raise SourceError(f"{path}: {record.problem}")
                yield self._found(record, Place(str(path), record.line, record.path), before + record.position)
            before += path.stat().st_size

    def _found(self, record: Record, place: Place, position: int) -> Item | Problem:
        if record.problem is not None:
            return Problem(place, record.problem, position=position)
        try:
            return event_facts(record.content, place, position, symlinks=self.symlinks)
        except HeadwaterError as exc:
            return Problem(place, str(exc), position=position)

    def total(self, source: str) -> int:
        """Return the size of the files in bytes."""
        return total_bytes(files(source, SUFFIXES))

    def fingerprint(self, source: str) -> str:
        """Return a text that changes when a file does."""
        return fingerprint(files(source, SUFFIXES))
