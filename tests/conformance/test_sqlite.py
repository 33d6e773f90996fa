"""The embedded store keeps the contract."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from headwater.graph.connect import open_store
from headwater.graph.store import Store
from headwater.testing import StoreConformance


class SQLiteBackend:
    """Fresh files in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self._urls = (f"sqlite:///{folder}/lineage{n}.db" for n in count())
        self._url = ""

    def empty(self) -> Store:
        self._url = next(self._urls)
        return open_store(self._url)

    def again(self) -> Store:
        return open_store(self._url)


class TestSQLite(StoreConformance):
    @pytest.fixture(autouse=True)
    def _backend(self, tmp_path: Path) -> None:
        self.backend = SQLiteBackend(tmp_path)
