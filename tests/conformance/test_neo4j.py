"""The Neo4j store keeps the contract, on the long-term release and on the current one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from headwater.graph.neo4j import Neo4jEngine
from headwater.graph.query_store import QueryStore
from headwater.graph.store import DeletionStore
from headwater.testing import DeletionConformance
from tests.support.neo4j_database import Database, RunningServer


class Neo4jBackend:
    """One database, emptied behind the store's back; its schema stays."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opened = ExitStack()

    def empty(self) -> DeletionStore:
        self._database.rows("MATCH (n) WHERE NOT n:Lock AND NOT n:Schema DETACH DELETE n")
        return self.again()

    def again(self) -> DeletionStore:
        engine = Neo4jEngine(self._database.url, self._database.user, self._database.password)
        return self._opened.enter_context(QueryStore(engine))

    def close(self) -> None:
        self._opened.close()


class TestNeo4j(DeletionConformance):
    @pytest.fixture(autouse=True)
    def _backend(self, neo4j_server: RunningServer) -> Iterator[None]:
        with closing(Neo4jBackend(Database.of(neo4j_server))) as self.backend:
            yield


class TestNeo4jCurrent(DeletionConformance):
    @pytest.fixture(autouse=True)
    def _backend(self, neo4j_current: RunningServer) -> Iterator[None]:
        with closing(Neo4jBackend(Database.of(neo4j_current))) as self.backend:
            yield
