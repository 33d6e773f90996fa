"""Profiles: how the columns of a table are distributed, as bins and counts that fit in a JSON document. No row is kept.

A profile is what inference is compared with: training makes it, `to_dict` carries it to another process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headwater.errors import SourceError
from headwater.graph.values import JSON
from headwater.library.columns import columns, count_rows
from headwater.library.sketches import Sketch, sketch, sketch_from

VERSION = 1


@dataclass(frozen=True, slots=True)
class Profile:
    """The sketches of a table's columns by name, and how many rows it had."""

    rows: int
    columns: Mapping[str, Sketch]

    @classmethod
    def fit(cls, data: object, only: Iterable[str] | None = None, name: str = "value") -> Profile:
        """Return the profile of a table, or of some of its columns. Raises UsageError for what is no table.

        Cost: one sort a column of numbers, one hash table a column of categories.
        """
        return cls(count_rows(data), {column.name: sketch(column) for column in columns(data, only, name)})

    def to_dict(self) -> dict[str, JSON]:
        """Return the JSON document: some 0.8 KB a column of numbers, at most 50 levels a column of categories."""
        return {
            "version": VERSION,
            "rows": self.rows,
            "columns": {name: one.to_dict() for name, one in self.columns.items()},
        }

    @classmethod
    def from_dict(cls, document: Any) -> Profile:
        """Return the profile of a document; raises SourceError for one that is none."""
        try:
            if document["version"] != VERSION:
                raise SourceError(f"a profile of version {document['version']!r}", hint="make it anew with Profile.fit")
            sketches = {str(name): sketch_from(one) for name, one in document["columns"].items()}
            return cls(int(document["rows"]), sketches)
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            if isinstance(exc, SourceError):
                raise
            raise SourceError(f"this is no profile: {exc!r}", hint="make one with Profile.fit") from exc

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the document to a file, whole or not at all."""
        target = Path(path)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        draft.write_text(json.dumps(self.to_dict(), allow_nan=False), "utf-8")
        draft.replace(target)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Profile:
        """Return the profile in a file; raises OSError, and SourceError for a file that holds none."""
        try:
            return cls.from_dict(json.loads(Path(path).read_text("utf-8")))
        except ValueError as exc:
            raise SourceError(f"{os.fspath(path)}: {exc}") from exc
