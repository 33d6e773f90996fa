from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.graph.connect import open_store
from headwater.graph.lineage import trace
from headwater.graph.store import Store
from headwater.loaders.base import Problem
from headwater.loaders.importing import import_source
from headwater.loaders.openlineage import OpenLineageLoader
from headwater.testing.oracle import expected_digest
from tests.support.neo4j_database import Database
from tests.support.openlineage import SETS, Event, dataset, facts_of, run_event, shared_events, version
from tests.support.stores import opened

PICKED, PICKED_CRABS = "fc57cd10-90ce-49aa-ac91-29d222d66fdf", "155dbf08-c4c5-43e6-bb3a-8095c4ba59b8"
SUMMER_PIE, HOLIDAY_PIE = "66ad484e-9bba-4eed-a5f5-3a17558e7f6b", "bcef9942-cb5c-476a-995b-3e5ca14aff27"
DATABASES = settings(max_examples=12, deadline=None)


@pytest.fixture
def store(place: Database) -> Iterator[Store]:
    with opened(place) as found:
        yield found


def delivered(events: Sequence[Event], seed: int) -> list[list[Event]]:
    """Return the events in another order, some of them twice, split in any way."""
    rng = random.Random(seed)
    sent = [*events, *rng.choices(events, k=len(events) // 2)]
    rng.shuffle(sent)
    cuts = sorted(rng.sample(range(len(sent) + 1), min(3, len(sent))))
    return [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]


def digest_of(deliveries: Sequence[Sequence[Event]], folder: Path) -> str:
    with open_store(f"sqlite:///{folder}/{random.random()}.db") as store:
        for events in deliveries:
            store.record(facts_of(events))
        return store.digest()


@pytest.mark.parametrize("name", SETS)
def test_a_public_set_comes_in_whole_and_exact(name: str, store: Store, tmp_path: Path) -> None:
    events = shared_events(name)
    for number, event in enumerate(events):
        (tmp_path / f"{number}.json").write_text(json.dumps(event, indent=2))
    report = import_source(store, OpenLineageLoader(), str(tmp_path))
    assert (sum(report.read.values()), report.skipped, report.problems) == (len(events), 0, [])
    assert store.digest() == expected_digest(facts_of(events))


@pytest.mark.parametrize("name", SETS)
def test_any_order_any_repeats_and_any_split_give_one_graph(name: str, tmp_path: Path) -> None:
    events = shared_events(name)
    expected = expected_digest(facts_of(events))
    assert {digest_of(delivered(events, seed), tmp_path) for seed in range(5)} == {expected}


def datasets() -> st.SearchStrategy[Event]:
    versions = st.sampled_from([None, "1", "2"])
    changes = st.sampled_from([None, "ALTER", "DROP"])

    def made(name: str, told: str | None, change: str | None, aliased: bool) -> Event:
        facets: Event = {"version": version(told)} if told else {}
        facets |= {"lifecycleStateChange": {"lifecycleStateChange": change}} if change else {}
        facets |= {"symlinks": {"identifiers": [{"namespace": "db", "name": "x", "type": "TABLE"}]}} if aliased else {}
        return dataset(name, **facets)

    return st.builds(made, st.sampled_from("xyz"), versions, changes, st.booleans())


def run_events() -> st.SearchStrategy[Event]:
    kinds = st.sampled_from(["START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER"])
    lists = st.lists(datasets(), max_size=2)
    facets = st.dictionaries(st.sampled_from("fg"), st.sampled_from([{"v": 1}, {"v": 2}]), max_size=1)
    return st.builds(
        lambda kind, run, at, ins, outs, run_facets: run_event(
            kind, run, at, inputs=ins, outputs=outs, run_facets=run_facets
        ),
        *(kinds, st.sampled_from(["r1", "r2", "r3"]), st.integers(0, 5), lists, lists, facets),
    )


@DATABASES
@given(events=st.lists(run_events(), min_size=1, max_size=12), seed=st.integers(0, 99))
def test_events_may_come_as_they_like(events: list[Event], seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("stores")
    assert digest_of(delivered(events, seed), folder) == expected_digest(facts_of(events))


def test_the_pie_that_tasted_off_came_from_the_crab_apples(store: Store) -> None:
    store.record(facts_of(shared_events("apples")))
    summer, holiday = (trace(store, f"grandmas.kitchen/apple.pie@{pie}") for pie in (SUMMER_PIE, HOLIDAY_PIE))
    assert PICKED in summer
    assert PICKED_CRABS not in summer
    assert PICKED_CRABS in holiday
    assert PICKED not in holiday
    assert "backyard/crab.apples@external" in holiday
    assert "laurents-orchard/red.delicious@external" not in holiday


def test_the_vinegar_has_nothing_of_the_crab_apples(store: Store) -> None:
    store.record(facts_of(shared_events("apples")))
    found = trace(store, "cupboard/apple.vinegar")
    assert PICKED in found
    assert PICKED_CRABS not in found


@pytest.mark.slow
@pytest.mark.parametrize("packed", [False, True])
def test_a_line_of_100_mb_is_named_and_passed_over(packed: bool, tmp_path: Path) -> None:
    event = json.dumps(run_event("START", "r", 1)).encode()
    content = b'{"x": "' + b"y" * 100_000_000 + b'"}\n' + event
    path = tmp_path / "e.ndjson"
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    bad, good = OpenLineageLoader().read(str(path))
    assert isinstance(bad, Problem)
    assert (bad.place.line, bad.reason) == (1, "the line is longer than 67,108,864 bytes")
    assert good.place.line == 2
