"""Where a test keeps its graph: a fresh file, or the emptied database of the Neo4j server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from headwater.graph.connect import open_store
from headwater.graph.erasure import Erased
from headwater.graph.facts import Fact
from headwater.graph.model import Graph, Node, reference
from headwater.graph.neo4j import Neo4jEngine
from headwater.graph.query_store import QueryStore
from headwater.graph.store import Store
from headwater.testing.oracle import expected_digest
from tests.support.neo4j_database import Database

BOTH = ["sqlite", pytest.param("neo4j", marks=pytest.mark.neo4j)]


def place_for(request: pytest.FixtureRequest, folder: Path, on_server: str = "neo4j_url") -> Database:
    """Return an empty place for the kind of store that the fixture's parameter names."""
    if request.param == "sqlite":
        return Database(f"sqlite:///{folder}/lineage.db")
    place: Database = request.getfixturevalue(on_server)
    return place


def opened(place: Database, *, readers_per_part: int | None = None) -> QueryStore:
    """Open the store there, with parts of re-bindings as small as the test needs them."""
    store = open_store(place.url, user=place.user, password=place.password)
    assert isinstance(store, QueryStore)
    if readers_per_part is not None:
        store.engine.readers_per_part = readers_per_part
    return store


def neo4j_store(place: Database, **limits: Any) -> QueryStore:
    """Open the Neo4j store there with limits of its own."""
    return QueryStore(Neo4jEngine(place.url, place.user, place.password, **limits))


def assert_is_graph_of(store: Store, facts: Sequence[Fact]) -> None:
    """Assert that the store holds what the facts mean: nodes, properties, edges, flags and labels."""
    assert store.digest() == expected_digest(facts)
    assert marks(store.sources(nodes(graph := reference(facts))).nodes) == marks(graph.runs) | marks(graph.pointers)


def nodes(graph: Graph) -> list[str]:
    return [*graph.runs, *graph.pointers]


def marks(found: Any) -> dict[str, tuple[bool, dict[str, str], Erased | None]]:
    """Return flag, labels and erasure by id; a digest of the graph leaves out what the annotations say too."""
    by_id: dict[str, Node] = dict(found)
    return {ident: (node.flagged, dict(node.labels), node.erased) for ident, node in by_id.items()}
