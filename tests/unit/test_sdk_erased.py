"""A run that reads what was erased is refused, or warned of; a store without erasures costs it nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from headwater.errors import InvalidValue
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Fact, Input, Output, RunFact, Status
from headwater.graph.lineage.face import Lineage
from headwater.sdk import erased, recording
from headwater.sdk.blocked import ErasedInputs
from headwater.sdk.component import Component
from headwater.sdk.explicit import log_run
from headwater.testing.rules import at
from tests.support.recorded import facet, recording_in, runs, the_run

LINE = "profile.csv@w, erased on 2026-01-01 for request d1"


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lineage]:
    with recording_in(tmp_path, monkeypatch) as lineage:
        yield lineage


@pytest.fixture
def forgotten(lineage: Lineage) -> Lineage:
    """A store in which the only state of a name was erased."""
    written = RunFact("w", "etl", None, at(0), at(1), outputs=(Output("profile.csv"),))
    lineage.record([written, Erasure.of_payload("profile.csv@w", "d1", at(2))])
    return lineage


def test_a_component_refuses_what_was_erased(forgotten: Lineage) -> None:
    read = Component("read").run(input_vars=["path"])(lambda path: path)
    with pytest.raises(ErasedInputs, match=f"read reads {LINE}"):
        read("profile.csv")
    found = runs(forgotten)[-1]
    assert (found.run.status, facet(found, "erased")) == (Status.ABORTED, f"read reads {LINE}")
    assert read("other.csv") == "other.csv"


def test_by_choice_it_warns_or_says_nothing(forgotten: Lineage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "headwater")
    quiet, loud = Component("quiet", on_erased="ignore"), Component("loud", on_erased="warn")
    for component in (quiet, loud):
        assert component.run(input_vars=["path"])(lambda path: path)("profile.csv") == "profile.csv"
    assert recording.flush()
    last = runs(forgotten)[-1].run  # and behind that, what was asked beside it
    assert caplog.messages == [f"loud reads {LINE} (run {last.id})"]


def test_a_run_logged_by_hand_is_refused_before_its_body(forgotten: Lineage) -> None:
    with pytest.raises(ErasedInputs, match=LINE), log_run("read", ["profile.csv"], lineage=forgotten):
        pytest.fail("the body ran")
    assert forgotten.recent(1).runs[0].status is Status.ABORTED


def test_what_the_body_says_that_it_read_is_warned_of(forgotten: Lineage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "headwater")
    with log_run("read", lineage=forgotten, run_id="r") as run:
        run.input("profile.csv")
    with log_run("read", ["profile.csv"], lineage=forgotten, run_id="s", on_erased="warn"):
        pass
    assert caplog.messages == [f"read reads {LINE} (run r)", f"read reads {LINE} (run s)"]


def test_a_program_learns_of_the_first_erasure_while_it_runs(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Component("read").run(input_vars=["path"])(lambda path: path)
    assert read("profile.csv") == "profile.csv"
    lineage.record([Erasure.of_payload("profile.csv@external", "d1", at(2))])
    monkeypatch.setattr(erased, "LEARN_EVERY_S", 0.0)
    assert read("profile.csv") == "profile.csv"
    assert len(runs(lineage)) == 2  # and with them it has learnt
    with pytest.raises(ErasedInputs):
        read("profile.csv")


def test_a_store_that_hangs_holds_a_program_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(erased, "LEARN_S", 0.01)

    def slowly(facts: Sequence[Fact]) -> None:
        release.wait(20)
        graph.record(facts)

    with recording_in(tmp_path, monkeypatch, slowly) as graph:
        assert Component("c").run(input_vars=["x"])(lambda x: x)("a.csv") == "a.csv"
        release.set()
        assert the_run(graph).run.status is Status.COMPLETED


def test_rows_are_labelled_where_they_are_read_and_written(lineage: Lineage) -> None:
    given = Input("all.csv", labels={"client": ["c2", "c1", "c2"]})
    with log_run("split", [given], [Output("c1.csv", labels={"client": "c1"})], lineage=lineage, run_id="r") as run:
        run.input("more.csv", labels={"client": "c3"})
        run.output("c2.csv", labels={"client": ("c2",), "region": []})
    assert lineage.store.data_labels(["r"])["r"] == {  # type: ignore[attr-defined]
        "all.csv": {("client", "c1"), ("client", "c2")},
        "c1.csv": {("client", "c1")},
        "c2.csv": {("client", "c2")},
        "more.csv": {("client", "c3")},
    }


def test_a_component_says_what_becomes_of_the_rows_of_one_person(lineage: Lineage) -> None:
    counts = Component("count", aggregates="counts of at least 100 trips")
    trains = Component("train", shards=8, unlearns="retrains one shard")
    for component in (counts, trains):
        with component.running():
            pass
    runs(lineage)
    said = {key.owner: value for key, value in lineage.store.facets(["count", "train"]).items()}
    assert said == {
        "count": {"aggregates": "counts of at least 100 trips"},
        "train": {"shards": 8, "unlearns": "retrains one shard"},
    }


def test_a_claim_without_a_reason_is_refused() -> None:
    with pytest.raises(InvalidValue, match="aggregates is empty"):
        Component("count", aggregates=" ")
    with pytest.raises(InvalidValue, match="shards 0"):
        Component("train", shards=0)
    with pytest.raises(InvalidValue, match="label 'client' is int"):
        Input("a", labels={"client": 42})  # type: ignore[dict-item]
