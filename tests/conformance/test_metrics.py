"""Both stores keep metrics by the same rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headwater.testing import MetricConformance
from tests.conformance.test_neo4j import Neo4jBackend
from tests.conformance.test_sqlite import SQLiteBackend
from tests.support.neo4j_database import Database, RunningServer


class TestSQLiteMetrics(MetricConformance):
    @pytest.fixture(autouse=True)
    def _backend(self, tmp_path: Path) -> Iterator[None]:
        with closing(SQLiteBackend(tmp_path)) as self.backend:
            yield


class TestNeo4jMetrics(MetricConformance):
    @pytest.fixture(autouse=True)
    def _backend(self, neo4j_server: RunningServer) -> Iterator[None]:
        with closing(Neo4jBackend(Database.of(neo4j_server))) as self.backend:
            yield
