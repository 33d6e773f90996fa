"""What every store must answer: walks equal to the naive search on the reference, rankings, staleness, look-ups."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given

from headwater.errors import InvalidCursor, UnknownComponent, UnknownPointer, UnknownRun, UsageError
from headwater.graph import lineage
from headwater.graph.facts import ComponentFact, Fact, Input, Output, RunFact, Status, TriggerResult
from headwater.graph.lineage import Limits
from headwater.graph.model import Edge, reference
from headwater.graph.store import OutputFilter, Store, joined
from headwater.testing.oracle import expected_walk, walked
from headwater.testing.rules import Backend, at, ran
from headwater.testing.strategies import ANY_BACKEND, fact_sets


def ladder(rungs: int) -> list[RunFact]:
    """Return diamonds on end: each rung reads the two outputs of the one before, so paths double a rung."""
    return [
        ran(f"r{i:04}", 2 * i, 2 * i + 1, [f"l{i}", f"m{i}"] if i else [], [f"l{i + 1}", f"m{i + 1}"])
        for i in range(rungs)
    ]


def chain(length: int) -> list[RunFact]:
    """Return runs that each read what the one before wrote."""
    return [ran(f"r{i:05}", 2 * i, 2 * i + 1, [f"x{i}"] if i else [], [f"x{i + 1}"]) for i in range(length)]


def _in_parts(store: Store, start: str) -> tuple[set[str], set[Edge]]:
    """Trace in parts with room for some neighbours, going on from each frontier, but never twice from one node."""
    nodes: set[str] = set()
    edges: set[Edge] = set()
    walked_from: set[str] = set()
    frontier = [start]
    while frontier:
        part = lineage.trace(store, frontier, Limits(nodes=len(frontier) + 20))
        ends = set(part.truncated.frontier) if part.truncated else set()
        nodes |= set(part.nodes)
        edges |= part.edges
        walked_from |= set(part.nodes) - ends
        frontier = sorted(ends - walked_from)
    return nodes, edges


class WalkRules:
    """Section 4: traces and impact."""

    backend: Backend

    @ANY_BACKEND
    @given(facts=fact_sets())
    def test_every_walk_equals_the_reference(self, facts: list[Fact]) -> None:
        graph = reference(facts)
        with self.backend.empty() as store:
            store.record(facts)
            for start in [*graph.pointers, *graph.runs]:
                assert walked(lineage.trace(store, start)) == expected_walk(graph, start, backward=True)
                assert walked(lineage.impact(store, start)) == expected_walk(graph, start, backward=False)

    @ANY_BACKEND
    @given(facts=fact_sets())
    def test_a_walk_in_parts_reaches_what_a_whole_one_does(self, facts: list[Fact]) -> None:
        graph = reference(facts)
        with self.backend.empty() as store:
            store.record(facts)
            for start in sorted(graph.pointers)[:2]:
                assert _in_parts(store, start) == walked(lineage.trace(store, start))

    def test_depth_counts_runs_and_leaves_a_frontier(self) -> None:
        store = self.backend.empty()
        store.record(chain(4))
        answer = lineage.trace(store, "x4", Limits(depth=1))
        assert set(answer.nodes) == {"x4@r00003", "r00003", "x3@r00002"}
        assert answer.truncated is not None
        assert (answer.truncated.reason, answer.truncated.frontier) == ("depth", ("x3@r00002",))
        assert lineage.trace(store, "x4", Limits(depth=9)).is_complete

    def test_a_walk_out_of_time_says_so(self) -> None:
        store = self.backend.empty()
        store.record(chain(4))
        answer = lineage.trace(store, "x4", Limits(time_s=0))
        assert answer.truncated is not None
        assert answer.truncated.reason == "time"

    def test_a_walk_stops_behind_a_component(self) -> None:
        store = self.backend.empty()
        store.record(chain(4))
        answer = lineage.trace(store, "x4", Limits(stop_at="make-r00002"))
        assert (sorted(run.id for run in answer.runs()), answer.is_complete) == (["r00002", "r00003"], True)

    def test_as_of_leaves_out_what_came_later(self) -> None:
        store = self.backend.empty()
        store.record(chain(4))
        assert [run.id for run in lineage.impact(store, "x1", as_of=at(3)).runs()] == ["r00001"]
        assert lineage.trace(store, "x2", as_of=at(3)).start == ("x2@r00001",)
        with pytest.raises(UnknownPointer):
            lineage.trace(store, "x2", as_of=at(2))

    def test_hops_count_edges_from_the_start(self) -> None:
        store = self.backend.empty()
        store.record(chain(2))
        assert lineage.trace(store, "x2").hops == {"x2@r00001": 0, "r00001": 1, "x1@r00000": 2, "r00000": 3}

    def test_a_cycle_neither_hangs_nor_lies(self) -> None:
        store = self.backend.empty()
        store.record([ran("a", 0, 1, [Input("y", state="y@b")], ["x"]), ran("b", 2, 3, ["x"], ["y"])])
        nodes = {"a", "b", "x@a", "y@b"}
        assert set(lineage.trace(store, "x").nodes) == set(lineage.impact(store, "x").nodes) == nodes
        assert len(lineage.trace(store, "x").edges) == 4

    def test_a_ladder_of_thirty_diamonds_is_walked_once(self) -> None:
        store = self.backend.empty()
        store.record(ladder(30))
        assert len(lineage.trace(store, "l30")) == 89
        assert len(lineage.impact(store, "l1")) == 88

    def test_a_walk_comes_in_parts_that_make_the_whole(self) -> None:
        store = self.backend.empty()
        store.record([*ladder(30), *chain(1_200)])
        for ids in (["l30@r0029", "x1200@r01199"], ["nothing"]):
            parts = list(store.walk(ids, upstream=True))
            assert joined(parts, upstream=True) == store.upstream(ids)
            assert sum(len(part.nodes) for part in parts) == len(store.upstream(ids).nodes)
        assert joined(store.walk(["l1@r0000"], upstream=False), upstream=False) == store.downstream(["l1@r0000"])

    def test_a_chain_of_five_thousand_runs(self) -> None:
        store = self.backend.empty()
        store.record(chain(5_000))
        answer = lineage.trace(store, "x5000")
        assert (len(answer), max(answer.hops.values()), answer.is_complete) == (10_000, 9_999, True)

    def test_many_starts_share_one_walk(self) -> None:
        store = self.backend.empty()
        store.record([*chain(3), *(ran(f"p{i:02}", 9, 10, ["x3"], [f"out{i:02}"]) for i in range(40))])
        answer = lineage.trace(store, [f"out{i:02}" for i in range(40)])
        assert (len(answer.runs()), len(answer.pointers()), len(answer.edges)) == (43, 43, 40 + 40 + 5)

    def test_between_holds_the_paths_only(self) -> None:
        store = self.backend.empty()
        store.record([*chain(3), ran("side", 7, 8, ["x1"], ["z"])])
        assert set(lineage.between(store, "x1", "x3").nodes) == {
            "x1@r00000",
            "r00001",
            "x2@r00001",
            "r00002",
            "x3@r00002",
        }
        assert len(lineage.between(store, "z", "x3")) == 0

    def test_an_unknown_name_is_an_error_and_a_known_one_without_lineage_an_answer(self) -> None:
        store = self.backend.empty()
        store.record([ran("reader", 0, 1, ["x"])])
        with pytest.raises(UnknownPointer, match="nothing"):
            lineage.trace(store, "nothing")
        answer = lineage.trace(store, "x")
        assert (list(answer.nodes), answer.edges, answer.is_complete) == (["x@external"], frozenset(), True)

    def test_a_reference_is_a_name_an_id_or_a_digest(self) -> None:
        store = self.backend.empty()
        store.record([ran("w1", 0, 1, outputs=[Output("x", "d1")]), ran("w2", 2, 3, outputs=["x"])])
        assert [store.resolve(ref).id for ref in ("x", "x@w1", "d1")] == ["x@w2", "x@w1", "x@w1"]


def predictions() -> list[RunFact]:
    """Return ten predictions from a shared ingest; the last five read a bad cleaning as well."""
    bad = [ran("clean-bad", 2, 3, ["raw"], ["clean-b"]), ran("clean-good", 2, 3, ["raw"], ["clean-a"])]
    served = [
        RunFact(
            f"p{i}",
            "predict",
            Status.COMPLETED,
            at(10),
            at(11 + i),
            (Input("clean-b" if i > 4 else "clean-a"),),
            (Output(f"out{i}"),),
        )
        for i in range(10)
    ]
    return [ran("ingest", 0, 1, [], ["raw"]), *bad, *served]


class QuestionRules:
    """Section 4 and 5: ranking, staleness, differences, look-ups."""

    backend: Backend

    def test_ochiai_puts_the_culprit_first_and_frequency_the_shared_root(self) -> None:
        store = self._with_predictions()
        found = lineage.rank(store, [f"out{i}" for i in range(5, 10)], OutputFilter(components=["predict"]))
        first = found.suspects[0]
        assert ([run.id for run in first.runs], first.score) == (["clean-bad"], 1.0)
        assert (first.ef, first.nf, first.ep, first.np) == (5, 0, 0, 5)
        assert [run.id for group in found.by_frequency[:2] for run in group.runs] == ["ingest", "clean-bad"]
        assert (found.formula, found.contrast_size) == ("ochiai", 5)

    def test_the_database_and_the_kernel_rank_alike(self, monkeypatch: pytest.MonkeyPatch) -> None:
        store = self._with_predictions()
        small = lineage.rank(store, ["out5", "out6", "out0"], OutputFilter(components=["predict"]))
        monkeypatch.setattr("headwater.graph.lineage.suspects.SMALL_SLICE", 0)
        large = lineage.rank(store, ["out5", "out6", "out0"], OutputFilter(components=["predict"]))
        assert small == large

    def test_the_contrast_is_the_same_components_in_the_same_window(self) -> None:
        store = self._with_predictions()
        assert lineage.rank(store, ["out3", "out6"]).contrast_size == 2

    def test_review_ranks_what_is_flagged(self) -> None:
        store = self._with_predictions()
        lineage.flag(store, ["out5", "out9"], who="ann", why="wrong")
        lineage.flag(store, ["out9"], who="ann", on=False)
        assert lineage.review(store).slice_ids == ("out5@p5",)
        assert lineage.trace(store, "out5").nodes["out5@p5"].flagged
        notes = store.annotations(["out9@p9"])
        assert [(note.value, note.who, note.why) for note in notes] == [(True, "ann", "wrong"), (False, "ann", None)]

    def test_a_slice_is_a_filter(self) -> None:
        store = self._with_predictions()
        found = store.outputs(OutputFilter(components=["predict"], since=at(13), until=at(19), pattern="out[0-9]*"), 10)
        assert found == []
        found = store.outputs(OutputFilter(components=["predict"], since=at(13), until=at(15), pattern="out?"), 10)
        assert [pointer.name for pointer in found] == ["out4", "out3", "out2"]

    def test_an_unknown_formula_is_named(self) -> None:
        store = self._with_predictions()
        with pytest.raises(UsageError, match="magic"):
            lineage.rank(store, ["out1"], formula="magic")

    def test_an_old_input_is_stale(self) -> None:
        store = self.backend.empty()
        day = 86_400
        store.record([ran("w", 0, 1, outputs=["x"]), ran("late", 31 * day, 31 * day + 1, ["x"], ["y"])])
        store.record([ran("soon", 29 * day, 29 * day + 1, ["x"], ["z"])])
        [cause] = lineage.stale(store, "y").causes
        assert (cause.kind, cause.run, cause.edge and cause.edge.source) == ("old_input", "late", "x@w")
        assert not lineage.stale(store, "z").is_stale
        store.record([ComponentFact("make-soon", max_age=timedelta(days=7))])
        assert lineage.stale(store, "z").is_stale

    def test_a_fresher_state_and_a_fresher_run_are_stale(self) -> None:
        store = self.backend.empty()
        models = [
            RunFact(f"t{i}", "train", Status.COMPLETED, at(i), at(i), outputs=(Output(f"model-{i}"),)) for i in range(2)
        ]
        store.record([*models, ran("w1", 2, 3, outputs=[Output("x", "d1")]), ran("w2", 4, 5, outputs=["x"])])
        store.record([ran("reader", 8, 9, [Input("x", digest="d1"), "model-0"], ["out"])])
        found = {(c.kind, c.edge and c.edge.source, c.evidence) for c in lineage.stale(store, "out").causes}
        assert found == {("fresher_state", "x@w1", "x@w2"), ("fresher_run", "model-0@t0", "t1")}

    def test_a_failed_test_is_stale_and_inherited_with_its_path(self) -> None:
        store = self.backend.empty()
        triggers = {"no_nulls": TriggerResult("failed", "40 % nulls")}
        store.record([RunFact("w", "etl", Status.COMPLETED, at(0), at(1), outputs=(Output("x"),), triggers=triggers)])
        store.record([ran("mid", 2, 3, ["x"], ["y"]), ran("end", 4, 5, ["y"], ["z"])])
        [cause] = lineage.stale(store, "z").causes
        assert (cause.kind, cause.path, cause.is_inherited) == ("failed_test", ("mid", "end"), True)
        assert [one.of for one in lineage.stale_components(store)] == ["end", "mid", "w"]

    def test_diff_names_the_first_divergence(self) -> None:
        store = self.backend.empty()
        facts: list[Fact] = [ran("raw", 0, 1, outputs=["raw"])]
        for n, scale in ((1, "km"), (2, "mile")):
            base = 10 * n
            facts.append(
                RunFact(
                    f"c{n}",
                    "clean",
                    Status.COMPLETED,
                    at(base),
                    at(base + 1),
                    (Input("raw"),),
                    (Output("c"),),
                    {"unit": scale},
                )
            )
            facts.append(
                RunFact(f"t{n}", "train", Status.COMPLETED, at(base + 2), at(base + 3), (Input("c"),), (Output("m"),))
            )
        store.record(facts)
        found = lineage.diff(store, "m@t1", "m@t2")
        assert found.first is not None
        assert (found.first.kind, found.first.what, found.first.values) == ("params", "unit", ("km", "mile"))
        assert lineage.diff(store, "t1", "t1").first is None

    def test_history_is_paged_newest_first(self) -> None:
        store = self.backend.empty()
        store.record([RunFact(f"r{i}", "etl", Status.COMPLETED, at(i // 2), at(9)) for i in range(5)])
        first = lineage.history(store, "etl", size=2)
        second = lineage.history(store, "etl", size=3, cursor=first.cursor)
        assert [run.id for run in (*first.runs, *second.runs)] == ["r4", "r3", "r2", "r1", "r0"]
        assert second.cursor is None
        assert [run.id for run in lineage.recent(store, size=1).runs] == ["r4"]
        with pytest.raises(UnknownComponent):
            lineage.history(store, "nobody")
        with pytest.raises(InvalidCursor):
            lineage.recent(store, cursor="nonsense")

    def test_inspect_shows_a_run_whole(self) -> None:
        store = self.backend.empty()
        store.record([ran("w", 0, 1, outputs=["x"])])
        triggers = {"t": TriggerResult("passed", duration_s=0.5)}
        store.record(
            [
                RunFact(
                    "r",
                    "train",
                    Status.COMPLETED,
                    at(2),
                    at(3),
                    (Input("x"),),
                    (Output("m.joblib"),),
                    {"lr": 0.1},
                    triggers,
                )
            ]
        )
        detail = lineage.inspect(store, "r")
        assert (detail.run.params, detail.run.triggers["t"]["duration_s"]) == ({"lr": 0.1}, 0.5)
        assert [pointer.id for _, pointer in detail.inputs] == ["x@w"]
        assert [(pointer.id, pointer.type) for pointer in detail.outputs] == [("m.joblib@r", "model")]
        with pytest.raises(UnknownRun):
            lineage.inspect(store, "nobody")

    def test_states_that_no_run_made_are_given_by_id(self) -> None:
        store = self.backend.empty()
        named = Input("b", state="b@nobody")
        store.record([ran("w", 0, 1, ["raw"], ["x"]), ran("r", 2, 3, ["x", named, Input("a", digest="d")], [])])
        assert [state.id for state in store.unmade()] == ["a@external:d", "b@nobody", "raw@external"]

    def test_the_holders_of_a_content_are_all_states_that_have_it(self) -> None:
        store = self.backend.empty()
        unfinished = ran("u", 6, None, [Input("a", digest="d")], [Output("c", digest="d")])
        store.record([ran("w", 0, 1, outputs=[Output("x", digest="d"), Output("y", digest="e"), "d"]), unfinished])
        assert [state.id for state in store.holders(["d", "nobody's"])] == ["a@external:d", "c@u", "x@w"]

    def test_search_finds_names_in_any_case(self) -> None:
        store = self.backend.empty()
        store.record([ran("w", 0, 1, outputs=["Predictions.csv", "predict/Ärger", "other"])])
        assert [pointer.name for pointer in lineage.search(store, "PREDICT")] == ["Predictions.csv", "predict/Ärger"]
        assert [pointer.name for pointer in lineage.search(store, "äRGER")] == ["predict/Ärger"]

    def _with_predictions(self) -> Store:
        store = self.backend.empty()
        store.record(predictions())
        return store
