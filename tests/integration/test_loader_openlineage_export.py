from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from headwater.graph.connect import open_store
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact, Status
from headwater.graph.lineage import trace
from headwater.graph.store import Store
from headwater.loaders.exporting import Exported
from headwater.loaders.exports.openlineage import OpenLineageExporter
from headwater.testing.rules import at
from tests.support.nasty_facts import nasty_facts
from tests.support.openlineage import SETS, Event, dataset, facts_of, run_event, shared_events, time_text, version


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/lineage.db") as found:
        yield found


def exported(store: Store, **part: Any) -> list[Event]:
    to = io.StringIO()
    OpenLineageExporter().write(Exported(store, **part), to)
    return [json.loads(line) for line in to.getvalue().splitlines()]


def again(store: Store, folder: Path) -> str:
    """Return the digest of a store that took in what the other gave out."""
    with open_store(f"sqlite:///{folder}/again.db") as other:
        other.record(facts_of(exported(store)))
        return other.digest()


def carries(event: Event) -> bool:
    """Say whether an event brings the facts themselves."""
    return any("headwater" in event.get(part, {}).get("facets", {}) for part in ("run", "job", "dataset"))


@pytest.mark.parametrize("name", SETS)
def test_a_public_set_comes_back_the_same(name: str, store: Store, tmp_path: Path) -> None:
    store.record(facts_of(shared_events(name)))
    assert again(store, tmp_path) == store.digest()


def test_events_come_back_in_the_words_that_they_came_in(store: Store) -> None:
    read = dataset("a", version=version("1")) | {"inputFacets": {"x": {"n": 1}}}
    wrote = dataset("b", datasetType={"datasetType": "MODEL"})
    events = [
        run_event("START", "r", 1, inputs=[read], job_facets={"sql": {"query": "q"}}, run_facets={"f": {"v": 1}}),
        run_event("COMPLETE", "r", 2, outputs=[wrote]) | {"extra": 1},
    ]
    store.record(facts_of(events))
    found = [event for event in exported(store) if "run" in event]
    assert not any(map(carries, found))
    assert [(event["eventType"], event["eventTime"]) for event in found] == [
        ("START", "2026-01-01T00:00:01.000000Z"),
        ("COMPLETE", "2026-01-01T00:00:02.000000Z"),
    ]
    assert found[0]["job"] == {"namespace": "etl", "name": "load", "facets": {"sql": {"query": "q"}}}
    assert found[0]["inputs"] == [read]
    assert found[1]["extra"] == 1


def test_a_note_on_a_dataset_comes_back_as_its_event(store: Store) -> None:
    event = {"eventTime": time_text(3), "dataset": dataset("t", schema={"fields": []})}
    store.record(facts_of([event, run_event("START", "r", 1, inputs=[dataset("t")])]))
    found = [one for one in exported(store) if "dataset" in one]
    assert found == [{"eventTime": "2026-01-01T00:00:03.000000Z", "dataset": event["dataset"]}]


FOREIGN: list[Sequence[Fact]] = [
    [
        RunFact(
            "r",
            "train",
            started_at=at(1),
            ended_at=at(2),
            inputs=(Input("features.csv"),),
            outputs=(Output("m.joblib"),),
            at=at(2),
        )
    ],
    [RunFact("r", "train", status=Status.FAILED, error="no", params={"a": 1}, commit="c", source="s", at=at(1))],
    [RunFact("r", at=at(1)), RunFact("r", inputs=(Input("x@1", at=at(0)),), facets={"note": 5}, at=at(2))],
    [RunFact("r", "c", inputs=(Input("x", state="x@w"), Input("y", digest="sha256:1")), at=at(1))],
    [RunFact("r", "c", outputs=(Output("s3://bucket/key", "sha256:2", "endpoint"),), ended_at=at(1), at=at(1))],
    [ComponentFact("train", owner="ann", tags=("x",), at=at(1)), ComponentFact("lone", at=at(1))],
    [RunFact("r", "c", outputs=(Output("o"),), at=at(1)), Annotation("o@r", "flag", True, who="ann", at=at(2))],
    [RunFact("r", "c", at=at(1)), Annotation("r", "label", "v", key="k", why="because", at=at(2))],
]


@pytest.mark.parametrize("facts", FOREIGN)
def test_what_the_format_has_no_word_for_comes_back_too(facts: Sequence[Fact], store: Store, tmp_path: Path) -> None:
    store.record(facts)
    assert again(store, tmp_path) == store.digest()


def test_others_read_runs_of_headwater_in_their_own_words(store: Store) -> None:
    run = RunFact(
        "r", "train", Status.FAILED, at(1), at(2), (Input("features.csv"),), (Output("s3://b/k"),), error="no", at=at(2)
    )
    store.record([run])
    start, end = (event for event in exported(store) if "run" in event)
    assert (start["eventType"], end["eventType"]) == ("START", "FAIL")
    assert end["job"]["name"] == "train"
    assert [(one["namespace"], one["name"]) for one in end["inputs"]] == [("headwater", "features.csv")]
    assert [(one["namespace"], one["name"]) for one in end["outputs"]] == [("s3://b", "k")]
    assert end["run"]["facets"]["errorMessage"]["message"] == "no"


def test_a_part_of_a_graph_is_exported_with_the_states_that_it_read(store: Store) -> None:
    store.record(facts_of(shared_events("apples")))
    found = [event for event in exported(store, answer=trace(store, "cupboard/apple.vinegar")) if "run" in event]
    assert {event["job"]["name"] for event in found} == {"gather_apples", "prepare_apple_cider", "prepare_vinegar"}


@pytest.mark.parametrize("seed", range(4))
def test_any_graph_comes_back_the_same(seed: int, store: Store, tmp_path: Path) -> None:
    store.record(nasty_facts(seed, 60))
    assert again(store, tmp_path) == store.digest()


@pytest.mark.parametrize("seed", range(4))
def test_what_comes_back_goes_on_merging_as_it_would_have(seed: int, store: Store, tmp_path: Path) -> None:
    early, late = nasty_facts(seed, 40), nasty_facts(seed, 60)
    store.record(early)
    with open_store(f"sqlite:///{tmp_path}/again.db") as other:
        other.record(facts_of(exported(store)))
        for each in (store, other):
            each.record(late)
        assert other.digest() == store.digest()
