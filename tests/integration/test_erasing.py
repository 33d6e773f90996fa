"""What is erased is gone: from answers, from the graph under racing writers, and from the bytes of the files."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from headwater.errors import RegisterMoved, StoreBusy, StoreUnavailable
from headwater.graph.connect import open_store
from headwater.graph.erasure import Erasure, pseudonym
from headwater.graph.facts import Annotation, Fact, Input, Output, RunFact, TriggerResult
from headwater.graph.query_store import QueryStore
from headwater.sdk.recorder import Recorder
from headwater.sdk.spool import Spool
from headwater.testing.erasures import SALT, entry
from headwater.testing.rules import at
from tests.support.neo4j_database import Database
from tests.support.neo4j_server import Neo4jServer
from tests.support.stores import assert_is_graph_of, opened
from tests.support.writers import late_state, run_all, running, write_and_stall

SECRET = "c42-SECRET"
CLIENTS = [SECRET, "c1", "c2"]
RUNS = 300
WRITERS = 4
PART = 10
OLD = RunFact("old", "make-old", None, at(0), at(1), outputs=(Output("hot"),))
HOT = Erasure.of_name("hot", "gone", "d1", SALT, at(99))


def facts_of(client: str, number: int) -> list[Fact]:
    """Return facts that hold a client's name in every place that can hold a text."""
    name = f"clients/{client}/profile{number % 5}.json"
    read = (Input(name, facets={"who": client}, labels={"client": client}), Input(name, state=f"{name}@unknown"))
    made = Output(f"clients/{client}/f{number % 7}.csv", "d", facets={"who": client * 50}, labels={"client": client})
    failed = {"t": TriggerResult("failed", client, [client])}
    params = {"who": client, "long": client * (number % 90)}
    # Ids in no order: pages are split, and keep copies of what was moved.
    run = f"{number * 7919 % 1009:04}"
    return [
        RunFact(run, "etl", None, at(number), at(number + 1), read, (made,), params, failed, error=client),
        Annotation(f"{made.name}@{run}", "note", client, who=client, why=client, at=at(number)),
        Annotation(f"{name}@external", "label", client, key="client", at=at(number)),
    ]


def erasures_of(store: QueryStore, client: str) -> list[Erasure]:
    """Return the erasure of everything that `facts_of` says of a client."""
    salt, at_ = store.salt(), at(999)
    names = [name for (name,) in store.engine.read("deletion/names") if f"/{client}/" in name]
    erasures = [Erasure.of_name(name, name.replace(client, pseudonym(salt, client)), "d1", salt, at_) for name in names]
    labelled = store.labelled([("client", client)])
    targets = {run for run, _, _ in labelled} | {f"{name}@{run}" for run, name, _ in labelled}
    payloads = [Erasure.of_payload(target, "d1", at_) for target in sorted(targets)]
    return [*erasures, *payloads, Erasure.of_label("client", client, "d1", salt, at_)]


def held_in(folder: Path, text: str) -> dict[str, int]:
    """Return how often the files of a folder hold a text, without those that do not."""
    found = {path.name: path.read_bytes().count(text.encode()) for path in folder.rglob("*") if path.is_file()}
    return {name: count for name, count in found.items() if count}


def test_erased_bytes_are_gone_from_the_file_of_the_store(tmp_path: Path) -> None:
    with opened(Database(f"sqlite:///{tmp_path}/lineage.db")) as store:
        for number in range(RUNS):
            store.record(facts_of(CLIENTS[number % 3], number))
        store.keep("d1", "subject", SECRET)
        store.record(erasures_of(store, SECRET))
        store.drop("d1")
        assert held_in(tmp_path, SECRET)["lineage.db-wal"] > 1_000

        assert store.scrub() == ""

        assert held_in(tmp_path, SECRET) == {}
        assert held_in(tmp_path, "clients/c1/").keys() == {"lineage.db"}
        assert store.stats()["runs"] == RUNS


def test_a_store_that_is_read_says_that_its_log_cannot_be_emptied(tmp_path: Path) -> None:
    with opened(Database(f"sqlite:///{tmp_path}/lineage.db")) as store:
        store.record(facts_of(SECRET, 1))
        store.engine._busy_timeout_s = 0.01  # type: ignore[attr-defined]
        with closing(sqlite3.connect(tmp_path / "lineage.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM run").fetchone()
            with pytest.raises(StoreBusy, match="cannot be emptied"):
                store.scrub()
        store.scrub()


def test_what_waits_on_disk_is_redacted_when_it_is_sent(tmp_path: Path) -> None:
    is_down = [True]
    with open_store(f"sqlite:///{tmp_path}/lineage.db") as store:

        def sink(facts: list[Fact]) -> None:
            if is_down:
                raise StoreUnavailable
            store.record(facts)

        recorder = Recorder(sink, Spool(lambda: tmp_path / "spool"), linger_s=0)  # type: ignore[arg-type]
        for fact in facts_of(SECRET, 3):
            recorder.put_and_wait(lambda fact=fact: fact, 10)  # type: ignore[misc]
        assert held_in(tmp_path / "spool", SECRET)
        names = [f"clients/{SECRET}/profile3.json", f"clients/{SECRET}/f3.csv"]
        known = [Erasure.of_name(name, f"gone{n}", "d1", SALT, at(9)) for n, name in enumerate(names)]
        run = facts_of(SECRET, 3)[0].id  # type: ignore[union-attr]
        store.record([*known, *(Erasure.of_payload(of, "d1", at(9)) for of in (run, f"gone1@{run}", "gone0@external"))])
        is_down.clear()
        recorder._down_until = 0.0
        assert recorder.flush(10)
        assert recorder.shutdown()
        store.scrub()  # type: ignore[attr-defined]
    assert held_in(tmp_path, SECRET) == {}


@pytest.fixture
def half_bound(place: Database) -> Iterator[QueryStore]:
    """A store whose last writer was killed in the middle of a big re-binding."""
    with opened(place, readers_per_part=PART) as store:
        store.record([OLD, *readers(45)])
        with running(write_and_stall, place, [(PART,)]) as [writer]:
            assert writer.hear() == "stalled"
            writer.kill()
        yield store


def readers(many: int) -> list[RunFact]:
    """Return runs that read one name, two at each instant."""
    times = [(n, at(20 + n // 2)) for n in range(many)]
    return [RunFact(f"reader-{n:06}", None, None, time, time, (Input("hot"),)) for n, time in times]


def test_a_name_is_erased_in_the_middle_of_a_big_rebinding(half_bound: QueryStore) -> None:
    half_bound.record([HOT])

    assert half_bound.watermark().rebinding is False
    assert_is_graph_of(half_bound, [OLD, *readers(45), late_state(), HOT])


def test_a_name_that_comes_to_one_with_many_readers_binds_them_in_parts(place: Database) -> None:
    other = RunFact("other", "etl", None, at(12), at(13), outputs=(Output("old-name"),))
    known = Erasure.of_name("old-name", "hot", "d1", SALT, at(99))
    with opened(place, readers_per_part=PART) as store:
        store.record([OLD, *readers(45), other])
        store.record([known])
        assert_is_graph_of(store, [OLD, *readers(45), other, known])


def test_a_name_with_thousands_of_readers_is_erased(place: Database) -> None:
    many, part = (20_000, 10_000) if place.url.startswith("sqlite") else (2_500, 1_000)
    with opened(place, readers_per_part=part) as store:
        store.record([OLD])
        for start in range(0, many, 5_000):
            store.record(readers(many)[start : start + 5_000])
        store.record([HOT])
        assert len(store.targets(["gone@old"]).links["gone@old"]) == many
        assert (store.stats()["pointers"], store.stats()["consumed_by"]) == (1, many)


def enter_many(place: Database, pipe: Connection, writer: str, count: int) -> None:
    """Add so many entries behind whatever is the newest, and say how often another was first."""
    moved = 0
    with opened(place) as store:
        for number in range(count):
            while True:
                newest = [*store.register()][-1:]
                previous = newest[0].split('"')[3] if newest else ""
                try:
                    store.enter(previous, entry(f"{writer}-{number}"))
                    break
                except RegisterMoved:
                    moved += 1
    pipe.send(moved)


def test_processes_that_enter_at_once_lose_no_entry(place: Database) -> None:
    run_all(enter_many, place, [(f"w{n}", 10) for n in range(WRITERS)])
    with opened(place) as store:
        entries = list(store.register())
    assert len(entries) == len(set(entries)) == 10 * WRITERS
    for n in range(WRITERS):
        assert [e for e in entries if f'"w{n}-' in e] == [entry(f"w{n}-{number}") for number in range(10)]


@pytest.mark.slow
@pytest.mark.neo4j
@pytest.mark.xdist_group("a server of its own")
def test_a_server_keeps_erased_bytes_until_the_graph_is_told_to_a_new_one() -> None:
    facts = [fact for number in range(RUNS // 5) for fact in facts_of(CLIENTS[number % 3], number)]
    with Neo4jServer(quick_start=True) as server:
        with opened(Database.of(server)) as store:
            store.record(facts)
            store.record(erasures_of(store, SECRET))
            assert "tell the graph to a new database" in store.scrub()
            told, digest = list(store.facts()), store.digest()
        assert SECRET not in repr(told)
        server.stop()  # which is a checkpoint
        assert held_in(server.home / "data", SECRET)

        shutil.rmtree(server.home / "data")
        server.start()
        with opened(Database.of(server)) as store:
            store.record(told)
            assert store.digest() == digest
        server.stop()

        assert held_in(server.home / "data", SECRET) == {}
        assert held_in(server.home / "data", "clients/c1/")
