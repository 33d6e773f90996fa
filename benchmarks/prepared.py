"""Everything that is made before the clock starts: the facts, and the finished rows that they come to.

The rows are read from a store that recorded the same facts, so the bare side of a comparison writes exactly the same
graph and has to find out nothing.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
class Closures:
    """The graph as numbers, to choose starts whose trace or impact has about a wanted size; runs are negative."""

    upstream: Mapping[int, Sequence[int]]
    downstream: Mapping[int, Sequence[int]]
    state_ids: Mapping[int, str]

    def nearest(self, wanted: int, *, backward: bool, candidates: int = 400) -> str:
        """Return the id of the produced state whose closure comes nearest to `wanted` nodes."""
        edges = self.upstream if backward else self.downstream
        able = sorted(state for state in self.state_ids if state in edges)
        sample = able[:: max(1, len(able) // candidates)]
        best = min(sample, key=lambda state: abs(size(edges, state, 2 * wanted) - wanted))
        return self.state_ids[best]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The facts in batches, and for each batch the finished rows by table; the graph's numbers; what to ask about."""

    batches: Sequence[Sequence[RunFact]]
    rows: Sequence[Mapping[str, Sequence[SQLRow]]]
    closures: Closures
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
        rows = _rows(plain, last_keys)
        return Prepared(batches, rows, _closures(plain), _predictions(plain))


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


def _closures(plain: sqlite3.Connection) -> Closures:
    upstream: dict[int, list[int]] = defaultdict(list)
    downstream: dict[int, list[int]] = defaultdict(list)
    for source, target in _edges(plain):
        upstream[target].append(source)
        downstream[source].append(target)
    ids = dict(plain.execute("SELECT key, id FROM state WHERE run IS NOT NULL"))
    return Closures(dict(upstream), dict(downstream), ids)


def _edges(plain: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    yield from plain.execute("SELECT DISTINCT state, -run FROM consumption")
    yield from plain.execute("SELECT -run, key FROM state WHERE run IS NOT NULL")


def _predictions(plain: sqlite3.Connection) -> list[str]:
    """The ids of all predictions, newest first."""
    query = """SELECT s.id FROM state AS s JOIN name AS n ON n.key = s.name
      WHERE n.text GLOB 'prediction/*.json' ORDER BY s.produced_at DESC, s.id"""
    return [ident for (ident,) in plain.execute(query)]
