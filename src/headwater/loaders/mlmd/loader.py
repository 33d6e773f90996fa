"""The loader of ML Metadata: every execution is a run, every artifact a state."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from headwater.graph.facts import RunFact
from headwater.loaders.base import Found, Item, Place, Problem, attempt
from headwater.loaders.files import fingerprint
from headwater.loaders.mlmd.mapping import facts
from headwater.loaders.mlmd.reading import Execution, executions, opened, rows


@dataclass(frozen=True, slots=True)
class MlmdLoader:
    """Reads the SQLite file of a store, as it stands when the reading begins."""

    kind: ClassVar[str] = "mlmd"

    def read(self, source: str) -> Iterator[Found]:
        """Give each execution, then what belongs to none. Raises SourceError when the file is no such store."""
        with opened(source) as connection:
            for position, found in enumerate(executions(connection), 1):
                place = Place(source, path=f"Execution {found.row['id']}")
                yield attempt(place, lambda found=found, at=place, to=position: _item(found, at, to), position)  # type: ignore[misc]
            yield from _left_over(connection, source)

    def total(self, source: str) -> int:
        """Return how many executions there are."""
        with opened(source) as connection:
            [found] = rows(connection, "count")
        return int(found["executions"])

    def fingerprint(self, source: str) -> str:
        """Return a text that changes when the file or its journal does."""
        return fingerprint([path for path in (Path(source), Path(f"{source}-wal")) if path.exists()])


def _item(found: Execution, place: Place, position: int) -> Item:
    made = facts(found)
    run = made[0]
    assert isinstance(run, RunFact)
    return Item("execution", place, made, tuple(sorted({key.key for key in run.kept})), position)


def _left_over(connection: sqlite3.Connection, source: str) -> Iterator[Problem]:
    for row in rows(connection, "torn_events"):
        reason = f"its execution {row['execution_id']} or its artifact {row['artifact_id']} is not there"
        yield Problem(Place(source, path=f"Event {row['id']}"), reason)
    for row in rows(connection, "unused_artifacts"):
        reason = f"no event names it, so no run can have read or written {row['uri']!r}"
        yield Problem(Place(source, path=f"Artifact {row['id']}"), reason, "warning")
