from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import networkx
import pytest
from benchmarks import (
    artifacts,
    cases_ask,
    cases_metrics,
    cases_write,
    deletion,
    generate,
    library,
    loaders_dvc,
    loaders_openlineage,
    loaders_wfformat,
    remote,
    sdk,
)
from benchmarks.peer_sqlite import SQLitePeer
from benchmarks.prepared import Prepared, prepare, size
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage
from benchmarks.table import HEADINGS, Aim, Row, Section, as_memory, as_rate, as_time, markdown

from headwater import RunFact, connect
from headwater.graph.connect import default
from headwater.graph.model import reference
from tests.support.recorded import recording_in
from tests.support.shared_data import shared_data

RUNS = 4_400
TINY = Sizes(
    runs=2_200,
    walks=(20, 60),
    slices=(4,),
    readers=(0, 30),
    diamonds=(2, 3),
    batch=500,
    repeats=2,
    sampled_walks=2,
    windows=(50, 100),
    requests=(1, 5),
)


@pytest.fixture(scope="module")
def facts() -> list[RunFact]:
    return generate.workload(RUNS)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(TINY, tmp_path_factory.mktemp("bench"))


def test_the_same_size_and_seed_give_the_same_facts(facts: list[RunFact]) -> None:
    assert generate.workload(RUNS) == facts
    assert generate.workload(RUNS, seed=8) != facts


def test_each_run_has_two_or_three_inputs_and_one_or_two_outputs(facts: list[RunFact]) -> None:
    assert len(facts) == RUNS
    assert len({fact.id for fact in facts}) == RUNS
    assert {len(fact.inputs) for fact in facts} == {2, 3}
    assert {len(fact.outputs) for fact in facts} == {1, 2}


def test_times_are_whole_seconds_and_tie(facts: list[RunFact]) -> None:
    starts = Counter(fact.started_at for fact in facts if fact.started_at)

    assert {at.microsecond for at in starts} == {0}
    assert max(starts.values()) == generate.STARTS_A_SECOND


def test_names_are_shared_overwritten_and_updated_in_place(facts: list[RunFact]) -> None:
    read = Counter(i.name for fact in facts for i in fact.inputs)
    written = Counter(o.name for fact in facts for o in fact.outputs)
    in_place = [f for f in facts if {i.name for i in f.inputs} & {o.name for o in f.outputs}]

    assert read[generate.CODES] > RUNS / 10
    assert written["lookup/0.csv"] == written["models/0.pkl"] == generate.ROUNDS
    assert len(in_place) > RUNS / 100


def test_one_in_a_hundred_arrives_late(facts: list[RunFact]) -> None:
    order = [(fact.started_at, fact.id) for fact in facts]
    late = sum(later < earlier for earlier, later in pairwise(order))

    assert 0.002 < late / RUNS < 0.02


def test_the_deepest_trace_passes_more_than_a_hundred_runs(facts: list[RunFact], tmp_path: Path) -> None:
    with connect(f"sqlite:///{tmp_path / 'deep.db'}") as lineage:
        lineage.record(facts)
        depth = max(max(lineage.trace(f"wide/{slot}.parquet").hops.values()) for slot in range(8))

    assert depth > 2 * 100


def test_a_ladder_doubles_its_paths_with_each_diamond() -> None:
    graph = reference(generate.ladder(3))
    arrows = networkx.DiGraph((edge.source, edge.target) for edge in graph.edges)
    [end] = [node for node in arrows if node.startswith("rung3@")]

    assert len(list(networkx.all_simple_paths(arrows, "rung0@external", end))) == 2**3


def test_the_finished_rows_are_the_graph_that_the_facts_come_to(prepared: Prepared, tmp_path: Path) -> None:
    peer = SQLitePeer(f"sqlite:///{tmp_path / 'bench.db'}")
    peer.empty()
    with peer.open() as lineage:
        for facts, rows in zip(prepared.batches, prepared.rows, strict=True):
            lineage.record(facts)
            peer.write(peer.batch(rows))
        digest = lineage.digest()
    peer.close()

    with connect(f"sqlite:///{tmp_path / 'bench.bare.db'}") as bare:
        assert bare.digest() == digest


def test_what_is_reached_is_counted_once_and_up_to_a_limit() -> None:
    near = {number: [number - 1, number - 2] for number in range(2, 100)}

    assert size(near, 40, 1_000) == 41
    assert size(near, 99, 10) in (10, 11)


def test_starts_are_chosen_by_the_size_of_their_answer(prepared: Prepared, tmp_path: Path) -> None:
    with connect(f"sqlite:///{tmp_path / 'bench.db'}") as lineage:
        for facts in prepared.batches:
            lineage.record(facts)
        traced = {wanted: len(lineage.trace(state)) for wanted, state in prepared.traced.items()}
        reached = {wanted: len(lineage.impact(state)) for wanted, state in prepared.reaching.items()}

    assert set(traced) == set(reached) == set(TINY.walks)
    assert all(abs(found - wanted) <= wanted / 4 for wanted, found in (*traced.items(), *reached.items()))


def test_each_case_gives_rows_for_each_size(prepared: Prepared, tmp_path: Path) -> None:
    peer = SQLitePeer(f"sqlite:///{tmp_path / 'bench.db'}")
    peer.empty()
    with peer.open() as lineage:
        stages = [Stage(peer, lineage, prepared, TINY, tmp_path)]
        asked = (cases_ask.walks, cases_ask.rankings, cases_ask.naive, remote.traces, deletion.plans)
        written = (cases_write.popular, cases_metrics.windows, cases_write.forgotten)
        sections = [case(stages) for case in (cases_write.ingest, *asked, *written)]
    peer.close()

    assert [len(section.rows) for section in sections] == [1, 4, 1, 3, 2, 3, 4, 2, 3]
    assert {row.store for section in sections for row in section.rows} == {"SQLite"}
    assert all(row.ours and row.theirs and row.speed for section in sections for row in section.rows)


def test_artifacts_give_rows_beside_joblib_and_a_copy(prepared: Prepared, tmp_path: Path) -> None:
    peer = SQLitePeer(f"sqlite:///{tmp_path / 'bench.db'}")
    with peer.open() as lineage:
        found = artifacts.payloads([Stage(peer, lineage, prepared, replace(TINY, artifact_bytes=1 << 16), tmp_path)])
    peer.close()

    assert [row.beside for row in found.rows] == ["joblib.dump"] * 2 + ["joblib.load"] + ["shutil.copyfile"] * 2
    assert all(row.ours and row.theirs and row.speed for row in found.rows)


def test_each_kind_that_is_imported_gives_rows(prepared: Prepared, tmp_path: Path) -> None:
    shared_data("wfformat")
    peer = SQLitePeer(f"sqlite:///{tmp_path / 'bench.db'}")
    peer.empty()
    with peer.open() as lineage:
        stages = [Stage(peer, lineage, prepared, replace(TINY, runs=64), tmp_path)]
        imported = (loaders_openlineage.events, loaders_dvc.commits, loaders_wfformat.workflows)
        sections = [case(stages) for case in imported]
        stages_of_dvc = [one.name for one in lineage.components() if "/step" in one.name]
    peer.close()

    assert [len(section.rows) for section in sections] == [1, 1, 4]
    assert all(row.ours and row.theirs and row.speed for section in sections for row in section.rows)
    assert len(stages_of_dvc) == loaders_dvc.STAGES


def test_drift_of_many_columns_is_measured_with_and_without_a_kept_profile(prepared: Prepared, tmp_path: Path) -> None:
    peer = SQLitePeer(f"sqlite:///{tmp_path / 'bench.db'}")
    with peer.open() as lineage:
        stage = Stage(peer, lineage, prepared, replace(TINY, columns=3, rows=50), tmp_path)
        rows = library.drift([stage]).rows
    peer.close()

    assert [row.what for row in rows] == [
        "3 columns of 50 rows, with a kept profile",
        "3 columns of 50 rows, with making the profile",
    ]
    assert all(row.speed for row in rows)


def test_the_table_is_markdown_with_a_cell_for_each_heading() -> None:
    rows = [
        Row("trace", "SQLite", "2.0 ms", "the bare statement", "1.0 ms", 0.5, (Aim("within 1.5 times", False),)),
        Row("rank", "Neo4j", "1.00 s", speed=250.0),
    ]

    lines = markdown([Section("Asking", "What it is.", rows)]).splitlines()

    assert lines[:3] == ["## Asking", "", "What it is."]
    assert {line.count("|") for line in lines[4:]} == {len(HEADINGS) + 1}
    assert len({len(line) for line in lines[4:]}) == 1
    assert "| 0.50  | within 1.5 times: **missed** |" in lines[6]
    assert "| 250 " in lines[7]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (as_time(2.5), "2.50 s"),
        (as_time(0.0125), "12.5 ms"),
        (as_time(0.00005), "50 us"),
        (as_rate(9_000, 2.0), "4,500 runs/s"),
        (as_memory(25_400_000), "25 MB"),
    ],
)
def test_figures_carry_their_unit(text: str, expected: str) -> None:
    assert text == expected


def test_calls_of_components_are_measured_beside_bare_ones(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk, "_peers", lambda *_: [])
    peer = SQLitePeer(f"sqlite:///{tmp_path / 'bench.db'}")
    with recording_in(tmp_path, monkeypatch, lambda facts: default().record(facts)), peer.open() as lineage:
        stages = [Stage(peer, lineage, prepared, replace(TINY, calls=50), tmp_path)]
        auto, calls = sdk.auto_logged_calls(stages), sdk.recorded_calls(stages)
    assert [row.what for row in auto.rows][:3] == ["a call", "the open of a file", "id(), at any time later"]
    assert {row.what.partition(",")[0] for row in calls.rows} == {"off", "on", "durable"}
