"""Writers by the dozen: a service that is killed, and a database that restarts, lose nothing that was acknowledged."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx2
import pytest

from headwater.api.app import create_app
from headwater.graph.facts import Fact, Input, Output, RunFact, Status
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import at
from tests.support.http_service import DEADLINE_S, listening, process, settings, until
from tests.support.neo4j_database import Database
from tests.support.neo4j_server import Neo4jServer
from tests.support.stores import neo4j_store, opened

RUNS = "/api/v1/runs"
WRITERS = 64
AGAIN_S = 0.05


def fact(writer: int, number: int) -> RunFact:
    """Return a run that reads what its writer wrote last, and what all writers share."""
    read = (Input("shared"), Input(f"out {writer}"))
    start, end = at(number), at(number + 0.5)
    return RunFact(f"{writer}.{number}", "load", Status.COMPLETED, start, end, read, (Output(f"out {writer}"),))


def document(run: RunFact) -> dict[str, object]:
    assert run.started_at
    assert run.ended_at
    return {
        "id": run.id,
        "component": run.component,
        "status": "completed",
        "started_at": run.started_at.isoformat(),
        "ended_at": run.ended_at.isoformat(),
        "inputs": [{"name": one.name} for one in run.inputs],
        "outputs": [{"name": one.name} for one in run.outputs],
    }


@dataclass(slots=True)
class Traffic:
    """Writers that log run after run; a run that is not acknowledged is sent again when the service says to."""

    address: str
    acknowledged: list[RunFact] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    is_over: bool = False

    def go(self) -> None:
        """Write until it is over or the service is gone."""
        asyncio.run(self._all())

    async def _all(self) -> None:
        limits = httpx2.Limits(max_connections=WRITERS)
        async with httpx2.AsyncClient(base_url=self.address, timeout=DEADLINE_S, limits=limits) as api:
            await asyncio.gather(*(self._write(api, writer) for writer in range(WRITERS)))

    async def _write(self, api: httpx2.AsyncClient, writer: int) -> None:
        for number in count():
            if not await self._until_taken(api, fact(writer, number)):
                return

    async def _until_taken(self, api: httpx2.AsyncClient, run: RunFact) -> bool:
        while not self.is_over:
            try:
                got = await api.post(RUNS, json=document(run))
            except httpx2.TransportError:
                return False
            self.statuses[got.status_code] += 1
            if got.status_code == 200:
                self.acknowledged.append(run)
                return True
            await asyncio.sleep(AGAIN_S)
        return False


@contextmanager
def writing(address: str) -> Iterator[Traffic]:
    """Let the writers write until the end of the context."""
    traffic = Traffic(address)
    thread = threading.Thread(target=traffic.go)
    thread.start()
    try:
        yield traffic
    finally:
        traffic.is_over = True
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


def assert_kept(place: Database, acknowledged: list[RunFact]) -> None:
    """Assert that every acknowledged run is there, at most one more a writer, and the graph of just these."""
    with opened(place) as store:
        present: set[str] = {told.id for told in store.facts() if isinstance(told, RunFact)}
        known = {run.id for run in acknowledged}
        assert known <= present
        more = [fact(*map(int, ident.split("."))) for ident in present - known]
        assert len({run.id.split(".")[0] for run in more}) == len(more)
        facts: list[Fact] = [*acknowledged, *more]
        assert store.digest() == expected_digest(facts)


def test_a_service_that_is_killed_under_load_has_kept_what_it_acknowledged(place: Database, tmp_path: Path) -> None:
    environ = {"HEADWATER_NEO4J_USER": place.user or "", "HEADWATER_NEO4J_PASSWORD": place.password or ""}
    opened(place).close()
    acknowledged: list[RunFact] = []
    for wanted in (64, 128):
        with process(place.url, "--port", "0", folder=tmp_path, **environ) as (address, service):
            with writing(address) as traffic:
                until(lambda wanted=wanted: len(traffic.acknowledged) >= wanted)  # type: ignore[misc]
                service.kill()
            assert traffic.statuses.keys() == {200}
        acknowledged += traffic.acknowledged
    assert_kept(place, list({run.id: run for run in acknowledged}.values()))


@pytest.mark.slow
def test_a_restart_of_the_database_under_load_is_a_503_and_then_forgotten(
    neo4j_process: Neo4jServer, tmp_path: Path
) -> None:
    place = Database.of(neo4j_process)
    place.empty()
    place_settings = settings(tmp_path, api_timeout_s=6.0)
    with neo4j_store(place, retry_s=0.1) as store, listening(create_app(place_settings, store)) as address:
        with writing(address) as traffic:
            until(lambda: len(traffic.acknowledged) >= WRITERS)
            refused = traffic.statuses[503]
            neo4j_process.stop()
            until(lambda: traffic.statuses[503] >= refused + WRITERS)
            before = len(traffic.acknowledged)
            neo4j_process.start()
            until(lambda: len(traffic.acknowledged) >= before + WRITERS)
        assert traffic.statuses.keys() <= {200, 503, 504}
        assert_kept(place, traffic.acknowledged)
