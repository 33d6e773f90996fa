"""The rules of the semantics, one test each, for any store: binding, merging, order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

import pytest
from hypothesis import given

from headwater.errors import InvalidFact, UnknownPointer
from headwater.graph.facts import Annotation, ComponentFact, FacetKey, Fact, Input, Output, RunFact, Status
from headwater.graph.store import Store
from headwater.testing.oracle import expected_digest
from headwater.testing.strategies import ANY_BACKEND, EPOCH, deliveries, fact_sets


class Backend(Protocol):
    """How the suite gets at a backend."""

    def empty(self) -> Store:
        """Return a store that holds nothing."""
        ...

    def again(self) -> Store:
        """Return another handle on what the last empty store now holds, as another process would open it."""
        ...


def at(seconds: float) -> datetime:
    """Return an instant that many seconds after the suite's epoch."""
    return EPOCH + timedelta(seconds=seconds)


def ran(
    run: str,
    start: float,
    end: float | None,
    inputs: list[str | Input] | None = None,
    outputs: list[str | Output] | None = None,
) -> RunFact:
    """Return the fact of one run with its start and end in seconds."""
    ended = None if end is None else at(end)
    status = Status.RUNNING if end is None else Status.COMPLETED
    return RunFact(run, f"make-{run}", status, at(start), ended, tuple(inputs or ()), tuple(outputs or ()))  # type: ignore[arg-type]


def read_by(store: Store, run: str) -> list[str]:
    """Return the ids of the states that a run is bound to, sorted."""
    return sorted(pointer.id for _, pointer in store.run(run).inputs)


class BindingRules:
    """Section 2 of the semantics: which state a run read."""

    backend: Backend

    def test_a_reader_is_bound_to_the_newest_state_before_its_start(self) -> None:
        store = self.backend.empty()
        store.record([ran("w1", 0, 1, outputs=["x"]), ran("w2", 2, 3, outputs=["x"]), ran("w3", 8, 9, outputs=["x"])])
        store.record([ran("reader", 5, 6, inputs=["x"])])
        assert read_by(store, "reader") == ["x@w2"]

    def test_a_late_producer_takes_over_the_readers_that_started_after_it(self) -> None:
        store = self.backend.empty()
        store.record(
            [ran("w1", 0, 1, outputs=["x"]), ran("early", 2, 3, inputs=["x"]), ran("late", 6, 7, inputs=["x"])]
        )
        store.record([ran("w2", 4, 5, outputs=["x"])])
        assert (read_by(store, "early"), read_by(store, "late")) == (["x@w1"], ["x@w2"])

    def test_an_unknown_name_is_external_until_its_producer_is_known(self) -> None:
        store = self.backend.empty()
        store.record([ran("reader", 5, 6, inputs=["x"])])
        assert read_by(store, "reader") == ["x@external"]
        store.record([ran("w", 0, 1, outputs=["x"])])
        assert read_by(store, "reader") == ["x@w"]
        with pytest.raises(UnknownPointer):
            store.resolve("x@external")

    def test_a_run_that_updates_a_name_in_place_reads_the_earlier_state(self) -> None:
        store = self.backend.empty()
        store.record([ran("w", 0, 1, outputs=["x"]), ran("update", 2, 3, inputs=["x"], outputs=["x"])])
        store.record([ran("again", 4, 5, inputs=["x"], outputs=["x"])])
        assert (read_by(store, "update"), read_by(store, "again")) == (["x@w"], ["x@update"])

    def test_equal_times_keep_true_edges_and_no_cycle(self) -> None:
        store = self.backend.empty()
        store.record([ran(run, 0, 0, inputs=["x"], outputs=["x"]) for run in ("b", "a", "c")])
        assert [read_by(store, run) for run in ("a", "b", "c")] == [["x@external"], ["x@a"], ["x@b"]]

    def test_a_long_run_that_ends_when_the_reader_starts_is_seen(self) -> None:
        store = self.backend.empty()
        store.record([ran("z-writer", 0, 5, outputs=["x"]), ran("reader", 5, 6, inputs=["x"])])
        assert read_by(store, "reader") == ["x@z-writer"]

    def test_a_running_run_has_produced_nothing_yet(self) -> None:
        store = self.backend.empty()
        store.record([ran("w", 0, None, outputs=["x"]), ran("reader", 5, 6, inputs=["x"])])
        assert read_by(store, "reader") == ["x@external"]
        store.record([RunFact("w", status=Status.COMPLETED, ended_at=at(1))])
        assert read_by(store, "reader") == ["x@w"]

    def test_a_failed_run_produced_what_it_says(self) -> None:
        store = self.backend.empty()
        failed = RunFact("w", "etl", Status.FAILED, at(0), at(1), outputs=(Output("x"),), error="boom")
        store.record([failed, ran("reader", 5, 6, inputs=["x"])])
        assert read_by(store, "reader") == ["x@w"]
        assert store.run("w").run.status is Status.FAILED

    def test_a_digest_binds_to_the_newest_state_with_it(self) -> None:
        store = self.backend.empty()
        store.record([ran("w1", 0, 1, outputs=[Output("x", "d1")]), ran("w2", 2, 3, outputs=[Output("x", "d2")])])
        store.record([ran("reader", 5, 6, inputs=[Input("x", digest="d1")])])
        assert read_by(store, "reader") == ["x@w1"]

    def test_a_digest_that_no_state_has_is_an_external_state_of_its_own(self) -> None:
        store = self.backend.empty()
        store.record([ran("w", 0, 1, outputs=["x"]), ran("reader", 5, 6, inputs=[Input("x", digest="d9")])])
        assert read_by(store, "reader") == ["x@external:d9"]

    def test_a_digest_that_arrives_late_moves_the_binding(self) -> None:
        store = self.backend.empty()
        store.record(
            [ran("w1", 0, 1, outputs=["x"]), ran("w2", 2, 3, outputs=["x"]), ran("reader", 5, 6, inputs=["x"])]
        )
        store.record([RunFact("reader", inputs=(Input("x", digest="d1"),), at=at(7))])
        assert read_by(store, "reader") == ["x@external:d1"]
        store.record([RunFact("w1", outputs=(Output("x", "d1"),), at=at(8))])
        assert read_by(store, "reader") == ["x@w1"]

    def test_an_explicit_state_binds_whatever_the_times_say(self) -> None:
        store = self.backend.empty()
        store.record([ran("reader", 0, 1, inputs=[Input("x", state="x@w")]), ran("w", 8, 9, outputs=["x"])])
        assert read_by(store, "reader") == ["x@w"]

    def test_two_times_are_two_edges(self) -> None:
        store = self.backend.empty()
        store.record([ran("w1", 0, 1, outputs=["x"]), ran("w2", 4, 5, outputs=["x"])])
        store.record([ran("stream", 0, 9, inputs=[Input("x", at=at(2)), Input("x", at=at(6))])])
        assert read_by(store, "stream") == ["x@w1", "x@w2"]

    def test_a_start_that_moves_takes_the_reading_along(self) -> None:
        store = self.backend.empty()
        store.record(
            [ran("w1", 0, 1, outputs=["x"]), ran("w2", 2, 3, outputs=["x"]), ran("reader", 5, 6, inputs=["x"])]
        )
        store.record([RunFact("reader", started_at=at(1.5), at=at(9))])
        assert read_by(store, "reader") == ["x@w1"]

    def test_an_end_that_moves_takes_the_state_along(self) -> None:
        store = self.backend.empty()
        store.record(
            [ran("w1", 0, 1, outputs=["x"]), ran("w2", 2, 3, outputs=["x"]), ran("reader", 5, 6, inputs=["x"])]
        )
        store.record([RunFact("w2", ended_at=at(8), at=at(8))])
        assert read_by(store, "reader") == ["x@w1"]


class MergingRules:
    """Section 3: the graph depends on the set of facts alone."""

    backend: Backend

    @ANY_BACKEND
    @given(sent=deliveries(), later=fact_sets(4))
    def test_any_order_batches_and_repeats_give_the_reference(
        self, sent: tuple[list[Fact], list[list[Fact]]], later: list[Fact]
    ) -> None:
        facts, batches = sent
        with self.backend.empty() as store:
            for batch in batches:
                store.record(batch)
            assert store.digest() == expected_digest(facts)
            assert expected_digest([*store.facts(), *later]) == expected_digest([*facts, *later])

    def test_facts_of_one_run_accumulate(self) -> None:
        store = self.backend.empty()
        store.record([RunFact("r", "etl", Status.RUNNING, at(1), params={"a": 1, "b": 1}, at=at(1))])
        store.record([RunFact("r", status=Status.FAILED, ended_at=at(4), error="boom", at=at(4))])
        store.record(
            [RunFact("r", status=Status.ABORTED, started_at=at(0), params={"b": 2, "c": [1.5, None]}, at=at(3))]
        )
        run = store.run("r").run
        assert (run.status, run.started_at, run.ended_at) == (Status.FAILED, at(0), at(4))
        assert (run.component, run.error, run.params) == ("etl", "boom", {"a": 1, "b": 2, "c": [1.5, None]})

    def test_a_terminal_run_without_an_end_ends_at_the_greatest_time_known(self) -> None:
        store = self.backend.empty()
        store.record([RunFact("r", status=Status.COMPLETED, at=at(3)), RunFact("r", at=at(1))])
        run = store.run("r").run
        assert (run.started_at, run.ended_at) == (at(1), at(3))

    def test_the_later_claim_wins_and_ties_go_by_value(self) -> None:
        store = self.backend.empty()
        store.record([RunFact("r", commit="c2", at=at(1)), RunFact("r", commit="c1", at=at(1))])
        store.record([RunFact("s", commit="c1", at=at(2)), RunFact("s", commit="c2", at=at(1))])
        assert (store.run("r").run.commit, store.run("s").run.commit) == ("c2", "c1")

    def test_recording_again_changes_nothing(self) -> None:
        facts = [ran("w", 0, 1, outputs=["x"]), ran("reader", 2, 3, inputs=["x"])]
        store = self.backend.empty()
        store.record(facts)
        digest, stats = store.digest(), store.stats()
        store.record(facts)
        assert (store.digest(), store.stats()) == (digest, stats)

    def test_a_bad_fact_leaves_nothing_of_its_batch(self) -> None:
        store = self.backend.empty()
        empty = store.digest()
        with pytest.raises(InvalidFact):
            store.record([ran("w", 0, 1, outputs=["x"]), "no fact"])  # type: ignore[list-item]
        assert store.digest() == empty

    def test_another_handle_sees_what_was_recorded(self) -> None:
        store = self.backend.empty()
        store.record([ran("w", 0, 1, outputs=["x"])])
        with self.backend.again() as other:
            assert other.digest() == store.digest()
            other.record([ran("v", 2, 3, inputs=["x"], outputs=["y"])])
        assert store.resolve("y").id == "y@v"

    def test_microseconds_are_kept_from_the_first_year_to_the_last(self) -> None:
        times = [datetime(1, 1, 2, 3, 4, 5, 6, EPOCH.tzinfo), datetime(1969, 12, 31, 23, 59, 59, 999_999, EPOCH.tzinfo)]
        times += [datetime(9999, 12, 31, 23, 59, 59, 999_999, EPOCH.tzinfo)]
        store = self.backend.empty()
        store.record([RunFact(f"r{i}", "etl", started_at=t, ended_at=t) for i, t in enumerate(times)])
        assert [store.run(f"r{i}").run.started_at for i in range(3)] == times

    def test_annotations_that_came_before_their_node_show_on_it(self) -> None:
        store = self.backend.empty()
        store.record([Annotation("x@w", "flag", True, who="ann", why="odd", at=at(9))])
        store.record([Annotation("x@w", "label", "c-17", key="client", at=at(9))])
        store.record([ran("w", 0, 1, outputs=["x"])])
        found = store.resolve("x")
        assert (found.flagged, found.labels) == (True, {"client": "c-17"})

    def test_facets_are_kept_beside_what_they_are_of(self) -> None:
        store = self.backend.empty()
        read, wrote = Input("x", facets={"rows": 7}), Output("y", facets={"rows": 6})
        store.record([RunFact("r", "etl", inputs=(read,), outputs=(wrote,), facets={"host": "a", "os": "b"}, at=at(1))])
        store.record([RunFact("r", facets={"host": ["c", None]}, at=at(2)), RunFact("r", facets={"os": 0}, at=at(0))])
        store.record([ComponentFact("etl", facets={"docs": {"en": "Loads."}}, at=at(1))])
        of_run = {FacetKey("run", "r", "", "host"): ["c", None], FacetKey("run", "r", "", "os"): "b"}
        of_names = {FacetKey("input", "r", "x", "rows"): 7, FacetKey("output", "r", "y", "rows"): 6}
        assert store.run("r").facets == {**of_run, **of_names}
        assert list(store.facets(["etl"]).values()) == [{"en": "Loads."}]

    def test_of_two_facets_at_one_time_every_store_keeps_the_same_whatever_their_characters(self) -> None:
        texts = ["z", "\ue000", "\uffff", "\uffffa", "\uffff\uffff", "\U00010000", "\U00010000a", "\U0010ffff"]
        pairs = {f"{first}{second}": (first, second) for first in texts for second in texts}
        facts = [RunFact("r", facets={key: pair[n] for key, pair in pairs.items()}, at=at(1)) for n in (0, 1)]
        store = self.backend.empty()
        for fact in facts:
            store.record([fact])
        assert store.digest() == expected_digest(facts)

    def test_some_runs_are_told_with_their_components_and_annotations(self) -> None:
        store = self.backend.empty()
        a, b = ran("a", 0, 1, outputs=["x"]), ran("b", 2, 3, inputs=["x"], outputs=["y"])
        etl, flag = ComponentFact("make-b", owner="ann", at=at(0)), Annotation("y@b", "flag", True, at=at(4))
        store.record([a, b, etl, flag, Annotation("x@a", "flag", True, at=at(4))])
        assert expected_digest(list(store.facts(["b"]))) == expected_digest([b, etl, flag])

    def test_components_are_described_by_the_latest_claim(self) -> None:
        store = self.backend.empty()
        store.record([ComponentFact("etl", owner="ann", tags=("b", "a"), at=at(1)), ran("x", 0, 1)])
        store.record([ComponentFact("etl", owner="bob", description="Loads.", max_age=timedelta(days=2), at=at(2))])
        etl, other = store.components()
        assert (etl.owner, etl.description, etl.tags, etl.max_age) == ("bob", "Loads.", ("a", "b"), timedelta(days=2))
        assert other.name == "make-x"
