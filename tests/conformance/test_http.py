"""The store behind a service keeps the contract: a real service on a file, which is emptied behind its back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from headwater.graph.connect import open_store
from headwater.graph.remote import RemoteStore
from headwater.graph.store import DeletionStore
from headwater.testing import DeletionConformance, MetricConformance
from tests.support.http_service import process

_KEPT = {"lock", "schema_version"}


@dataclass(slots=True)
class ServiceBackend:
    """A service and the file of its store."""

    url: str
    file: Path
    opened: ExitStack = field(default_factory=ExitStack)

    def empty(self) -> DeletionStore:
        with closing(sqlite3.connect(self.file, timeout=60)) as raw, raw:
            tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            for table in tables:
                if table not in _KEPT:
                    raw.execute(f"DELETE FROM {table}")
        return self.again()

    def again(self) -> DeletionStore:
        store = open_store(self.url)
        assert isinstance(store, RemoteStore)
        return self.opened.enter_context(store)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceBackend]:
    folder = tmp_path_factory.mktemp("service")
    file = folder / "lineage.db"
    with process(f"sqlite:///{file}", "--port", "0", folder=folder, HEADWATER_API_RATE="1e9") as (url, _):
        yield ServiceBackend(url, file)


class TestService(DeletionConformance):
    @pytest.fixture(autouse=True)
    def _backend(self, service: ServiceBackend) -> Iterator[None]:
        self.backend = service
        with service.opened:
            yield


class TestServiceMetrics(MetricConformance):
    @pytest.fixture(autouse=True)
    def _backend(self, service: ServiceBackend) -> Iterator[None]:
        self.backend = service
        with service.opened:
            yield
