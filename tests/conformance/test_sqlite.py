"""The embedded store keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import pytest

from headwater.graph.store import DeletionStore
from headwater.testing import DeletionConformance
from tests.support.neo4j_database import Database
from tests.support.stores import opened


class SQLiteBackend:
    """Fresh files in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self._urls = (f"sqlite:///{folder}/lineage{n}.db" for n in count())
        self._url = ""
        self._opened = ExitStack()

    def empty(self) -> DeletionStore:
        self._url = next(self._urls)
        return self.again()

    def again(self) -> DeletionStore:
        return self._opened.enter_context(opened(Database(self._url)))

    def close(self) -> None:
        self._opened.close()


class TestSQLite(DeletionConformance):
    @pytest.fixture(autouse=True)
    def _backend(self, tmp_path: Path) -> Iterator[None]:
        with closing(SQLiteBackend(tmp_path)) as self.backend:
            yield
