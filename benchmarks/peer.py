"""What a store is measured against: the same database without Headwater. One class a database, made from its URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from benchmarks.prepared import SQLRow
from headwater import Lineage


class Peer(Protocol):
    """A bare database beside the store in it."""

    name: str
    url: str

    def open(self) -> Lineage:
        """Open the store."""
        ...

    def empty(self) -> None:
        """Forget everything."""
        ...

    def batch(self, rows: Mapping[str, Sequence[SQLRow]]) -> Any:
        """Return the rows of one batch in the form that `write` takes; not timed."""
        ...

    def write(self, batch: Any) -> None:
        """Write the finished rows of one batch, in one transaction."""
        ...

    def write_one(self, number: int, run: str) -> None:
        """Write one run with an input, an output and their edges, in one transaction."""
        ...

    def statement(self, query: str, ids: Sequence[str]) -> int:
        """Run the catalogue's own statement by the bare driver, fetch every row, return how many."""
        ...

    def edges(self) -> list[tuple[str, str]]:
        """Return all edges of the graph."""
        ...

    def paths(self, state: str, timeout_s: float) -> int | None:
        """Return how many nodes lie upstream, found by following every path; None when the time was up."""
        ...

    def readers(self, name: str) -> int:
        """Fetch the readers of a name, return how many."""
        ...

    def version(self) -> str:
        """Return name and version of the database."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def peer_at(url: str) -> Peer:
    """Return the peer of the database at this URL."""
    if url.startswith("sqlite:"):
        from benchmarks.peer_sqlite import SQLitePeer

        return SQLitePeer(url)
    from benchmarks.peer_neo4j import Neo4jPeer

    return Neo4jPeer(url)
