from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from headwater.deletion.plan import Plan, Saving
from headwater.deletion.planning import plan
from headwater.deletion.policy import REBUILT, load_policy
from headwater.deletion.situation import Interval, Target
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact, deletion_facet
from headwater.graph.model import Graph, Pointer, reference
from headwater.testing.rules import at, ran
from headwater.testing.surveys import expected_situation
from tests.support.nasty_facts import nasty_facts

SUBJECT = "clients/c42.csv@external"
POLICY = load_policy()

CLEAN = ran("clean", 0, 1, ["clients/c42.csv", "other.csv"], ["clean.csv"])
TRAIN = ran("train", 2, 3, ["clean.csv"], ["m.pkl"])
SERVE = ran("serve", 4, 5, ["m.pkl"], ["https://api/predict"])


def planned(facts: Sequence[Fact], *subjects: str) -> Plan:
    return plan(expected_situation(facts, [Target("q1", subjects or (SUBJECT,))]), POLICY)


def said(found: Plan) -> dict[str, tuple[str, str]]:
    return {verdict.node: (verdict.verdict, verdict.rule) for verdict in found.verdicts}


def rerun(found: Plan) -> list[list[str]]:
    return [[one.run for one in wave] for wave in found.waves]


def test_what_is_live_is_rebuilt_and_swapped_before_the_old_is_deleted() -> None:
    found = planned([CLEAN, TRAIN, SERVE])

    assert said(found) == {
        SUBJECT: ("delete", "subject"),
        "clean": ("regenerate", "rerun"),
        "clean.csv@clean": ("regenerate", "live-data"),
        "train": ("regenerate", "rerun"),
        "m.pkl@train": ("protected", "live-model"),
        "serve": ("regenerate", "rerun"),
        "https://api/predict@serve": ("protected", "live-endpoint"),
    }
    assert [(step.kind, step.nodes) for step in found.steps] == [
        ("rebuild", ("clean",)),
        ("rebuild", ("train",)),
        ("rebuild", ("serve",)),
        ("swap", ("clean.csv@clean", "m.pkl@train", "https://api/predict@serve")),
        ("delete", ("https://api/predict@serve", "m.pkl@train", "clean.csv@clean")),
        ("source", (SUBJECT,)),
        ("verify", ("q1",)),
    ]


def test_the_subject_is_left_out_of_what_a_rerun_reads() -> None:
    [clean, train, _] = planned([CLEAN, TRAIN, SERVE]).reruns

    assert clean.reads == ((SUBJECT, None),)
    assert train.reads == (("clean.csv@clean", "clean.csv@clean"),)
    assert (train.needs, train.replaces, train.took) == (("clean",), ("m.pkl@train",), Interval(1, 1.0, 1.0))


def test_superseded_states_are_deleted_and_never_rebuilt() -> None:
    found = planned([CLEAN, TRAIN, SERVE, ran("clean2", 6, 7, ["other.csv"], ["clean.csv"])])

    assert said(found)["clean.csv@clean"] == ("delete", "superseded")
    assert rerun(found) == [["train"], ["serve"]]
    assert found.reruns[0].reads == (("clean.csv@clean", "clean.csv@clean2"),)


def test_a_model_tuned_from_its_predecessor_is_tuned_again_from_the_start() -> None:
    tunings = [ran(f"tune{n}", 10 + n, 10.5 + n, ["m.pkl"], ["m.pkl"]) for n in range(3)]

    found = planned([CLEAN, TRAIN, *tunings, ran("clean2", 20, 21, ["other.csv"], ["clean.csv"])])

    assert rerun(found) == [["train"], ["tune0"], ["tune1"], ["tune2"]]
    assert [one.replaces for one in found.reruns] == [(), (), (), ("m.pkl@tune2",)]
    assert found.is_minimum


def test_evidence_is_the_shortest_chain_and_ties_go_by_id() -> None:
    ways = [ran(side, 0, 1, ["clients/c42.csv"], [f"{side}.csv"]) for side in ("b", "a")]
    join = ran("join", 4, 5, ["a.csv", "b.csv", "far.csv"], ["joined.csv"])

    found = planned([*ways, ran("far", 2, 3, ["a.csv"], ["far.csv"]), join])

    assert found.evidence("joined.csv@join") == (SUBJECT, "a", "a.csv@a", "join", "joined.csv@join")
    assert found.by_node["join"].sources == ("a.csv@a", "b.csv@b", "far.csv@far")


def test_pinned_registered_and_used_states_are_live_although_superseded() -> None:
    later = ran("train2", 6, 7, ["other.csv"], ["m.pkl"])
    reader = ran("reader", 5.5, None, ["m.pkl"])
    for extra in (
        [Annotation("m.pkl@train", "label", "yes", key="pinned", at=at(9))],
        [Annotation("m.pkl@train", "label", "v3", key="registered", at=at(9))],
        [reader],
    ):
        assert said(planned([CLEAN, TRAIN, later, *extra]))["m.pkl@train"] == ("protected", "live-model")
    assert said(planned([CLEAN, TRAIN, later]))["m.pkl@train"] == ("delete", "superseded")


def test_what_a_running_run_makes_is_kept_apart() -> None:
    found = planned([CLEAN, TRAIN, ran("score", 4, None, ["m.pkl"], ["score.csv"])])

    assert said(found)["score.csv@score"] == said(found)["score"] == ("quarantine", "running")
    assert found.steps[0].nodes == ("score", "score.csv@score")


def test_behind_a_claim_everything_is_kept_with_its_reason() -> None:
    sums = ComponentFact("make-clean", facets=deletion_facet(aggregates="sums of a thousand"))

    found = planned([sums, CLEAN, TRAIN])

    kept = {node: verdict for node, verdict in said(found).items() if node != SUBJECT}
    assert kept == dict.fromkeys(["clean", "clean.csv@clean", "train", "m.pkl@train"], ("keep", "declared"))
    assert found.evidence("m.pkl@train") == (SUBJECT, "clean", "clean.csv@clean", "train", "m.pkl@train")


def test_a_component_that_unlearns_needs_nothing_rebuilt() -> None:
    forgets = ComponentFact("make-train", facets=deletion_facet(unlearns="influence functions"))

    found = planned([forgets, CLEAN, TRAIN, ran("clean2", 6, 7, ["clients/c42.csv"], ["clean.csv"])])

    assert said(found)["m.pkl@train"] == ("unlearn", "unlearns")
    assert said(found)["train"] == ("unlearn", "rerun-unlearns")
    assert [(one.run, one.verdict, one.took) for one in found.reruns if one.run == "train"] == [
        ("train", "unlearn", None)
    ]
    assert rerun(found) == [["train", "clean2"]]


def test_one_shard_of_a_sharded_model_is_retrained() -> None:
    sharded = ComponentFact("make-train", facets=deletion_facet(shards=4))

    found = planned([sharded, CLEAN, TRAIN])

    assert said(found)["m.pkl@train"] == ("unlearn", "sharded")
    assert found.reruns[1].took == Interval(1, 0.25, 0.25)


def test_without_a_component_nobody_knows_whom_to_rerun() -> None:
    found = planned([CLEAN, replace(TRAIN, component=None), SERVE])

    assert found.by_node["m.pkl@train"][1:3] == ("undetermined", "missing-fact")
    assert found.by_node["m.pkl@train"].missing == "the component of run train"
    assert found.by_node["https://api/predict@serve"].verdict == "quarantine"
    assert found.by_node["https://api/predict@serve"].missing == "run serve reads what nobody can rebuild now"
    assert rerun(found) == [["clean"]]


def test_what_lies_on_a_cycle_is_undetermined_and_what_follows_is_kept_apart() -> None:
    first = ran("first", 0, 1, ["clients/c42.csv", Input("b", state="b@second")], ["a"])

    found = planned([first, ran("second", 2, 3, ["a"], ["b"]), ran("after", 4, 5, ["b"], ["c"])])

    assert {found.by_node[node].verdict for node in ("first", "a@first", "second", "b@second")} == {"undetermined"}
    assert found.by_node["a@first"].missing == "what came first: run first reads what derives from itself"
    assert found.by_node["c@after"].verdict == "quarantine"
    assert found.reruns == ()


def test_reading_what_was_produced_after_the_end_is_a_contradiction() -> None:
    early = ran("early", 0, 1, [Input("late.csv", state="late.csv@late")], ["out.csv"])

    found = planned([early, ran("late", 5, 6, ["clients/c42.csv"], ["late.csv"])])

    assert found.by_node["out.csv@early"].verdict == "undetermined"
    assert found.by_node["out.csv@early"].missing == (
        "how run early read late.csv@late, which was produced after the run had ended"
    )


def test_while_readers_are_re_bound_nothing_is_sure() -> None:
    found = plan(replace(expected_situation([CLEAN, TRAIN], [Target("q1", (SUBJECT,))]), rebinding=True), POLICY)

    assert {verdict.verdict for verdict in found.verdicts if verdict.node != SUBJECT} == {"undetermined"}


def test_a_label_flows_with_its_rows_alone() -> None:
    rows = [Input("all.csv", labels={"client": client}) for client in ("c1", "c2")]
    facts = [
        ran("one", 0, 1, [rows[0]], ["one.csv"]),
        ran("two", 2, 3, [rows[1]], ["two.csv"]),
        ran("any", 4, 5, ["all.csv"], ["any.csv"]),
    ]

    found = plan(expected_situation(facts, [Target("q1", labels=(("client", "c1"),))]), POLICY)

    assert said(found)["all.csv@external"] == ("delete", "rows-of-source")
    assert said(found)["one.csv@one"] == said(found)["any.csv@any"] == ("regenerate", "live-data")
    assert said(found)["two.csv@two"] == ("keep", "other-rows")
    assert (found.labels, found.reruns[0].reads) == ((("client", "c1"),), (("all.csv@external", "all.csv@external"),))
    assert [step.nodes for step in found.steps if step.kind == "source"] == [("all.csv@external",)]
    assert "all.csv@external" not in found.erases


def test_evidence_of_rows_that_part_is_a_way_that_one_of_them_took() -> None:
    facts = [
        ran("two", 0, 1, ["two.csv"], ["y"]),
        ran("one", 2, 3, [Input("one.csv", labels={"client": "c1"}), "y"], ["x"]),
        ran("part", 4, 5, [Input("x", labels={"client": "c2"})], ["z"]),
    ]

    targets = [Target("q1", labels=(("client", "c1"),)), Target("q2", ("two.csv@external",))]
    found = plan(expected_situation(facts, targets), POLICY)

    assert found.evidence("x@one") == ("one.csv@external", "one", "x@one")
    assert found.evidence("z@part") == ("two.csv@external", "two", "y@two", "one", "x@one", "part", "z@part")
    assert Plan.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert found.after(["y@two"]).by_node["z@part"].verdict == "regenerate"


def test_what_was_erased_before_is_neither_live_nor_erased_again() -> None:
    gone = Erasure.of_payload("clean.csv@clean", "q0", at(9))

    found = planned([CLEAN, TRAIN, gone])

    assert said(found)["clean.csv@clean"] == ("delete", "erased-before")
    assert found.by_node["m.pkl@train"].verdict == "protected"
    assert rerun(found) == [["clean"], ["train"]]
    assert "clean.csv@clean" not in found.erases
    assert ("delete", ("m.pkl@train",)) in [(step.kind, step.nodes) for step in found.steps]


def test_a_state_that_carries_a_label_is_made_anew_by_its_maker() -> None:
    made = ran("ingest", 0, 1, ["raw.csv"], [Output("all.csv", labels={"client": "c1"}), "log.csv"])

    found = plan(expected_situation([made], [Target("q1", labels=(("client", "c1"),))]), POLICY)

    assert said(found) == {"all.csv@ingest": ("regenerate", "live-data"), "ingest": ("regenerate", "rerun")}
    assert rerun(found) == [["ingest"]]


def test_many_requests_make_one_plan_and_say_what_that_saves() -> None:
    other = ran("clean-b", 0, 1, ["clients/c7.csv"], ["b.csv"])
    facts = [CLEAN, other, ran("train", 2, 5, ["clean.csv", "b.csv"], ["m.pkl"])]

    targets = [Target("q1", (SUBJECT,)), Target("q2", ("clients/c7.csv@external",))]
    found = plan(expected_situation(facts, targets), POLICY)

    assert (found.cost.reruns, found.cost.work_median_s, found.cost.elapsed_p90_s) == (3, 5.0, 4.0)
    assert found.saving == Saving(requests=2, reruns_alone=4, work_alone_median_s=8.0, own=found.saving.own)
    assert (found.saving.own.reruns, found.saving.own.work_median_s) == (2, 2.0)


def test_names_labels_payload_and_contents_to_erase() -> None:
    clean = ran("clean", 0, 1, ["clients/c42.csv"], [Output("clients/c42/clean.csv", digest="sha256:aa")])
    other = ran("other", 0, 1, ["raw.csv"], [Output("copy.csv", digest="sha256:bb")])
    train = ran("train", 2, 3, ["clients/c42/clean.csv"], [Output("m.pkl", digest="sha256:cc")])

    found = planned([clean, other, train])

    assert found.names == ("clients/c42.csv", "clients/c42/clean.csv")
    assert found.erases == ("clients/c42.csv@external", "clients/c42/clean.csv@clean", "m.pkl@train", "clean")
    assert found.artifacts == (("sha256:aa", ("clients/c42/clean.csv@clean",)), ("sha256:cc", ("m.pkl@train",)))


def test_a_rebuilt_state_of_the_same_content_stops_the_wave() -> None:
    found = planned([CLEAN, TRAIN, SERVE])

    left = found.after(["clean.csv@clean"])

    assert said(left)["clean.csv@clean"] == said(left)["m.pkl@train"] == ("keep", "early-cut-off")
    assert left.reruns == ()
    assert [(step.kind, step.nodes) for step in left.steps] == [("source", (SUBJECT,)), ("verify", ("q1",))]
    assert left.erases == (SUBJECT, "clean")


def test_a_run_that_was_rebuilt_for_others_only_goes_with_them() -> None:
    tunings = [ran(f"tune{n}", 10 + n, 10.5 + n, ["m.pkl"], ["m.pkl"]) for n in range(2)]
    found = planned([CLEAN, TRAIN, *tunings, ran("also", 30, 31, ["clean.csv"], ["also.csv"])])

    left = found.after(["m.pkl@tune0"])

    assert rerun(found) == [["clean"], ["train", "also"], ["tune0"], ["tune1"]]
    assert rerun(left) == [["clean"], ["also"]]
    assert left.by_node["m.pkl@tune0"].verdict == left.by_node["m.pkl@tune1"].verdict == "keep"
    assert left.by_node["m.pkl@train"].verdict == "delete"


def test_a_plan_is_json_and_back_with_one_digest() -> None:
    found = planned([CLEAN, TRAIN, SERVE])

    again = Plan.from_dict(json.loads(json.dumps(found.to_dict())))

    assert again == found
    assert again.digest == found.digest != replace(found, policy="other").digest


def test_a_change_of_the_touched_graph_changes_the_digest_of_the_situation() -> None:
    facts = [CLEAN, TRAIN]
    changes: list[Fact] = [
        SERVE,
        ran("train2", 6, 7, ["other.csv"], ["m.pkl"]),
        Annotation("m.pkl@train", "label", "yes", key="pinned", at=at(9)),
        ComponentFact("make-clean", facets=deletion_facet(shards=2)),
        RunFact("train", outputs=(Output("m.pkl", digest="sha256:aa"),), at=at(3)),
    ]

    before = planned(facts).situation

    assert planned([*facts, ran("aside", 6, 7, ["other.csv"], ["aside.csv"])]).situation == before
    assert len({before, *(planned([*facts, change]).situation for change in changes)}) == 1 + len(changes)


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Up to eight runs that write, append to and overwrite three names, one after another or side by side."""
    names = ("a", "b", "m.pkl")
    facts: list[Fact] = []
    for run in range(draw(st.integers(1, 8))):
        reads = draw(st.sets(st.sampled_from([*names, "clients/c42.csv"]), max_size=3))
        writes = draw(st.sets(st.sampled_from(names), min_size=1, max_size=2))
        start = 2 * run if draw(st.booleans()) else 2 * run - 1
        end = start + draw(st.sampled_from([1, 4]))
        facts.append(ran(f"r{run}", start, end, [*sorted(reads)], [*sorted(writes)]))
    return facts


@given(facts=histories())
def test_the_reruns_of_any_history_keep_the_rule_and_no_fewer_would(facts: list[Fact]) -> None:
    found = planned([*facts, ran("entry", -3, -2, ["clients/c42.csv"], ["entry"])])
    graph = reference(facts)
    affected = {v.node for v in found.verdicts if v.node in graph.pointers and v.node != SUBJECT}
    live = {v.node for v in found.verdicts if v.node in affected and v.verdict in REBUILT}
    required = {graph.pointers[state].run for state in live}
    runs = {one.run for one in found.reruns} - {"entry"}

    assert live == {state for state in affected if is_newest(graph, state)}
    assert required <= runs
    assert keeps_the_rule(graph, affected, runs)
    others = sorted(set(graph.runs) - required)
    assert not any(
        keeps_the_rule(graph, affected, required.union(more))
        for size in range(len(runs) - len(required))
        for more in combinations(others, size)
    )


@given(seed=st.integers(0, 9_999), order=st.randoms())
def test_a_plan_does_not_depend_on_the_order_in_which_a_store_tells_the_graph(seed: int, order: Random) -> None:
    facts = nasty_facts(seed, 40)
    states = sorted(reference(facts).pointers)
    found = expected_situation(facts, [Target("q1", tuple(states[:2])), Target("q2", labels=(("client", "x"),))])
    nodes = order.sample(sorted(found.nodes), len(found.nodes))
    links = {node: order.sample(found.links[node], len(found.links[node])) for node in reversed(nodes)}

    assert plan(replace(found, nodes={node: found.nodes[node] for node in nodes}, links=links), POLICY) == plan(
        found, POLICY
    )


@given(facts=histories(), wanted=st.sets(st.integers(0, 7), min_size=1))
def test_what_requests_take_one_by_one_is_what_their_own_plans_rerun(facts: list[Fact], wanted: set[int]) -> None:
    entries = [ran(f"r{run}", 2 * run, 2 * run + 1, [f"clients/c{run}.csv"], ["a"]) for run in wanted]
    facts = [*facts, *entries, ran("entry", -3, -2, ["clients/c42.csv"], ["entry"])]
    targets = [Target(f"q{run}", (f"clients/c{run}.csv@external",)) for run in [*sorted(wanted), 42]]

    found = plan(expected_situation(facts, targets), POLICY)

    alone = [plan(expected_situation(facts, [target]), POLICY) for target in targets]
    assert found.saving.is_exact
    assert found.saving.reruns_alone == sum(len(one.reruns) for one in alone)
    assert found.saving.work_alone_median_s == sum(one.cost.work_median_s for one in alone)


@given(facts=histories(), data=st.data())
def test_a_cut_keeps_what_no_other_way_reaches_and_nothing_else(facts: list[Fact], data: st.DataObject) -> None:
    facts = [*facts, ran("entry", -3, -2, ["clients/c42.csv"], ["entry"])]
    found = planned(facts)
    rebuilt = [state for one in found.reruns for state in one.replaces]
    unchanged = data.draw(st.sets(st.sampled_from(rebuilt)))

    left = found.after(unchanged)

    edges, held = reference(facts).edges, {SUBJECT}
    while more := {e.target for e in edges if e.source in held and e.target not in unchanged} - held:
        held |= more
    kept = {verdict.node for verdict in left.verdicts if verdict.verdict == "keep"}
    assert kept == {verdict.node for verdict in found.verdicts} - held
    assert {one.run for one in left.reruns} <= {one.run for one in found.reruns}
    still = {state for one in left.reruns for state in one.replaces}
    assert still == set(rebuilt) - kept
    assert all(set(one.needs) <= {other.run for other in left.reruns} for one in left.reruns)


def is_newest(graph: Graph, state: str) -> bool:
    mine = graph.pointers[state]
    return not any(other.name == mine.name and order(other) > order(mine) for other in graph.pointers.values())


def order(state: Pointer) -> tuple[bool, object, str]:
    return state.produced_at is not None, state.produced_at or "", state.run or ""


def keeps_the_rule(graph: Graph, affected: set[str], chosen: Iterable[str | None]) -> bool:
    """Whether each run can be made again, one after another, with no older version than it then read."""
    runs, done = set(chosen), set[str | None]()
    while True:
        able = {run for run in runs - done if finds_all(graph, affected, run, done)}
        if not able:
            return done == runs
        done |= able


def finds_all(graph: Graph, affected: set[str], run: str | None, done: set[str | None]) -> bool:
    read = [graph.pointers[c.state] for c in graph.consumptions if c.run == run and c.state in affected]
    return all(
        any(
            other.name == state.name
            and order(other) >= order(state)
            and (other.id not in affected or other.run in done)
            for other in graph.pointers.values()
        )
        for state in read
    )
