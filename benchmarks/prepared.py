"""Everything that is made before the clock starts: the facts, and the finished rows that they come to.

The rows are read from a store that recorded the same facts, so the bare side of a comparison writes exactly the same
graph and has to find out nothing.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks import generate
from benchmarks.sizes import Sizes
from headwater import RunFact, connect

SQLRow: TypeAlias = tuple[Any, ...]
TABLES = ("component", "name", "run", "state", "consumption")
_KEYED = ("name", "run", "state")


@dataclass(frozen=True, slots=True)
class Prepared:
    """The facts in batches, for each batch the finished rows by table, and what to ask about.

    `traced` and `reaching` hold for each wanted size a state whose trace or impact has about so many nodes;
    `predictions` are the newest first.
    """

    batches: Sequence[Sequence[RunFact]]
    rows: Sequence[Mapping[str, Sequence[SQLRow]]]
    edges: int
    traced: Mapping[int, str]
    reaching: Mapping[int, str]
    predictions: Sequence[str]

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return sum(map(len, self.batches))


def prepare(sizes: Sizes, folder: Path) -> Prepared:
    """Record the workload in a store under `folder` and read back what it came to."""
    path = folder / "prepared.db"
    batches = list(generate.batches(generate.workload(sizes.runs), sizes.batch))
    with connect(f"sqlite:///{path}") as lineage, sqlite3.connect(path) as plain:
        last_keys = []
        for batch in batches:
            lineage.record(batch)
            last_keys.append({table: _last_key(plain, table) for table in _KEYED})
        edges = list(_edges(plain))
        states = dict(plain.execute("SELECT key, id FROM state WHERE run IS NOT NULL"))
        return Prepared(
            batches=batches,
            rows=_rows(plain, last_keys),
            edges=len(edges),
            traced=_starts(states, [(target, source) for source, target in edges], sizes.walks),
            reaching=_starts(states, edges, sizes.walks),
            predictions=_predictions(plain),
        )


def size(edges: Mapping[int, Sequence[int]], start: int, most: int) -> int:
    """Return how many nodes are reached from `start`, itself included; counting ends at `most`."""
    seen = {start}
    ahead = [start]
    while ahead and len(seen) < most:
        for other in edges.get(ahead.pop(), ()):
            if other not in seen:
                seen.add(other)
                ahead.append(other)
    return len(seen)


def _last_key(plain: sqlite3.Connection, table: str) -> int:
    [(key,)] = plain.execute(f"SELECT max(key) FROM {table}")
    return int(key)


def _rows(plain: sqlite3.Connection, last_keys: Sequence[Mapping[str, int]]) -> list[dict[str, list[SQLRow]]]:
    """Give each row to the batch that brought it; an edge to the later batch of its two ends."""
    found: list[dict[str, list[SQLRow]]] = [{table: [] for table in TABLES} for _ in last_keys]
    found[0]["component"] = plain.execute("SELECT * FROM component").fetchall()
    ends = {table: [keys[table] for keys in last_keys] for table in _KEYED}
    for table in _KEYED:
        for row in plain.execute(f"SELECT * FROM {table} ORDER BY key"):
            found[bisect_left(ends[table], row[0])][table].append(row)
    for row in plain.execute("SELECT run, name, claim, lane, at, state FROM consumption ORDER BY run"):
        place = max(bisect_left(ends["run"], row[0]), bisect_left(ends["state"], row[5]))
        found[place]["consumption"].append(row)
    return found


def _starts(states: Mapping[int, str], steps: Iterable[tuple[int, int]], wanted: Sequence[int]) -> dict[int, str]:
    """Return for each wanted size the id of the state, of 400 tried, from which the steps reach about so many nodes."""
    near: dict[int, list[int]] = defaultdict(list)
    for here, there in steps:
        near[here].append(there)
    able = sorted(state for state in states if state in near)
    sample = able[:: max(1, len(able) // 400)]
    sizes = {state: size(near, state, 2 * max(wanted)) for state in sample}
    return {want: states[_nearest(sizes, want)] for want in wanted}


def _nearest(sizes: Mapping[int, int], wanted: int) -> int:
    return min(sizes, key=lambda state: abs(sizes[state] - wanted))


def _edges(plain: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """Yield the arrows of the path as numbers; runs are negative."""
    yield from plain.execute("SELECT DISTINCT state, -run FROM consumption")
    yield from plain.execute("SELECT -run, key FROM state WHERE run IS NOT NULL")


def _predictions(plain: sqlite3.Connection) -> list[str]:
    """The ids of all predictions, newest first."""
    query = """SELECT s.id FROM state AS s JOIN name AS n ON n.key = s.name
      WHERE n.text GLOB 'prediction/*.json' ORDER BY s.produced_at DESC, s.id"""
    return [ident for (ident,) in plain.execute(query)]
