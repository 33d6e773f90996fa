from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import BadRecord, SourceError
from headwater.graph.connect import open_store
from headwater.graph.facts import Annotation, Fact, RunFact, Status
from headwater.graph.model import Graph, reference
from headwater.loaders.base import Item, Problem
from headwater.loaders.importing import import_source
from headwater.loaders.mlmd import MlmdLoader
from headwater.testing.oracle import expected_digest
from tests.support.mlmd_store import MlmdStore

INPUT, OUTPUT, DECLARED_INPUT, PENDING = 3, 4, 2, 7
GEN = "mlmd-1-19700101T000010000"
TRAIN = "mlmd-2-19700101T000020000"


@pytest.fixture
def two_stages(tmp_path: Path) -> MlmdStore:
    """A generator that writes examples, and a trainer that reads them, and the schema that nobody wrote."""
    store = MlmdStore(tmp_path / "metadata.db")
    store.types("ExampleGen", "Trainer", "Examples", "Model")
    store.execution(1, 1, 10, 15)
    store.execution(2, 2, 20, 29)
    store.artifact(1, 3, "/data/examples")
    store.artifact(2, 4, "/models/m")
    store.artifact(3, 3, "/data/schema.pbtxt")
    store.event(1, 1, OUTPUT, 15)
    store.event(1, 2, INPUT, 20)
    store.event(3, 2, INPUT, 20)
    store.event(2, 2, OUTPUT, 29)
    return store


def found_in(source: str) -> list[Item]:
    return [found for found in MlmdLoader().read(source) if isinstance(found, Item)]


def facts_in(source: str) -> list[Fact]:
    return [fact for item in found_in(source) for fact in item.facts]


def problems_in(source: str) -> list[tuple[str, str, str]]:
    found = [found for found in MlmdLoader().read(source) if isinstance(found, Problem)]
    return [(one.severity, one.place.path, one.reason) for one in found]


def graph_of(source: str) -> Graph:
    return reference(facts_in(source))


def read_by(graph: Graph, run: str) -> set[str]:
    return {bound.state for bound in graph.consumptions if bound.run == run}


def the_run(source: str) -> RunFact:
    [fact] = [fact for fact in facts_in(source) if isinstance(fact, RunFact)]
    return fact


def test_executions_are_runs_and_artifacts_are_states(two_stages: MlmdStore) -> None:
    graph = graph_of(two_stages.write())

    run = graph.runs[TRAIN]
    assert (run.component, run.status) == ("Trainer", Status.COMPLETED)
    assert (run.started_at, run.ended_at) == (
        datetime(1970, 1, 1, 0, 0, 20, tzinfo=UTC),
        run.started_at + timedelta(seconds=9),
    )
    assert {s.id for s in graph.pointers.values() if s.run} == {f"/data/examples@{GEN}", f"/models/m@{TRAIN}"}
    assert read_by(graph, TRAIN) == {f"/data/examples@{GEN}", "/data/schema.pbtxt@external:mlmd:3"}


def test_a_reader_is_bound_to_the_maker_whatever_the_clocks_say(tmp_path: Path) -> None:
    store = MlmdStore(tmp_path / "metadata.db")
    store.types("Gen", "Train", "Examples")
    for number, (start, uri) in enumerate([(100, "/e"), (200, "/e")], 1):
        store.execution(number, 1, start, start + 5)
        store.artifact(number, 3, uri)
        store.event(number, number, OUTPUT, start + 5)
    store.execution(3, 2, 50, 60)
    store.event(2, 3, INPUT, 50)

    assert read_by(graph_of(store.write()), "mlmd-3-19700101T000050000") == {"/e@mlmd-2-19700101T000320000"}


def test_a_cached_execution_makes_nothing_and_says_what_it_reused(two_stages: MlmdStore) -> None:
    two_stages.execution(3, 1, 5, 6, last_known_state=5)
    two_stages.event(1, 3, OUTPUT, 6)
    source = two_stages.write()
    graph, cached = graph_of(source), "mlmd-3-19700101T000005000"

    [fact] = [f for f in facts_in(source) if isinstance(f, RunFact) and f.id == cached]
    assert (fact.outputs, fact.facets["reused"]) == ((), [f"/data/examples@{GEN}"])
    assert (graph.runs[cached].status, f"/data/examples@{GEN}" in read_by(graph, TRAIN)) == (Status.COMPLETED, True)


@pytest.mark.parametrize(
    ("state", "status"),
    [(1, "running"), (2, "running"), (3, "completed"), (4, "failed"), (5, "completed"), (6, "aborted")],
)
def test_the_last_known_state_is_the_status(tmp_path: Path, state: int, status: str) -> None:
    store = MlmdStore(tmp_path / "metadata.db")
    store.types("Train")
    store.execution(1, 1, 10, 12, last_known_state=state)

    run = graph_of(store.write()).runs[GEN]
    assert (run.status, run.ended_at is None) == (status, status == "running")


@pytest.mark.parametrize("state", [None, 0])
def test_where_nobody_set_the_state_an_output_is_the_end(two_stages: MlmdStore, state: int | None) -> None:
    two_stages.execution(3, 1, 30, 30, last_known_state=state)
    two_stages.execution(4, 1, 40, 40, last_known_state=state)
    two_stages.artifact(4, 3, "/late")
    two_stages.event(4, 3, OUTPUT, 35)
    runs = graph_of(two_stages.write()).runs

    written, silent = runs["mlmd-3-19700101T000030000"], runs["mlmd-4-19700101T000040000"]
    assert (written.status, written.ended_at) == (Status.COMPLETED, datetime(1970, 1, 1, 0, 0, 35, tzinfo=UTC))
    assert silent.status is Status.RUNNING


def test_properties_are_params_in_the_types_of_the_source(tmp_path: Path) -> None:
    store = MlmdStore(tmp_path / "metadata.db")
    store.types("Train")
    store.execution(1, 1, 10, 12)
    struct = "mlmd-struct::Ch0KAWESGDIWCgkRAAAAAAAA8D8KCREAAAAAAAAAQA=="
    values: list[tuple[str, int, dict[str, object]]] = [
        ("steps", 0, {"int_value": 3}),
        ("steps", 1, {"string_value": "three"}),
        ("rate", 0, {"double_value": 0.1}),
        ("limit", 0, {"double_value": float("inf")}),
        ("on", 1, {"bool_value": 1}),
        ("blob", 1, {"byte_value": b"\x00\xff"}),
        ("parts", 1, {"string_value": struct}),
        ("none", 1, {}),
    ]
    for name, custom, value in values:
        store.add("ExecutionProperty", execution_id=1, name=name, is_custom_property=custom, **value)

    assert the_run(store.write()).params == {
        "steps": 3, "custom_properties.steps": "three", "rate": 0.1, "limit": "inf", "on": True,
        "blob": {"base64": "AP8="}, "parts": {"a": [1.0, 2.0]}, "none": None,
    }  # fmt: skip


def test_contexts_are_kept_and_are_labels(tmp_path: Path) -> None:
    store = MlmdStore(tmp_path / "metadata.db")
    store.types("Train", "pipeline", "pipeline_run")
    store.execution(1, 1, 10, 12)
    store.add("Context", id=1, type_id=2, name="taxi")
    store.add("Context", id=2, type_id=3, name="taxi.7")
    store.add("ContextProperty", context_id=2, name="root", is_custom_property=0, string_value="/p")
    store.add("ParentContext", context_id=2, parent_context_id=1)
    store.add("Association", context_id=2, execution_id=1)
    source = store.write()

    kept = [{"type": "pipeline_run", "name": "taxi.7", "properties": {"root": "/p"}, "parents": ["taxi"]}]
    assert the_run(source).facets["contexts"] == kept
    [label] = [fact for fact in facts_in(source) if isinstance(fact, Annotation)]
    assert (label.target, label.key, label.value) == (GEN, "pipeline_run", "taxi.7")


def test_the_component_is_the_node_of_tfx_or_the_task_of_kubeflow(tmp_path: Path) -> None:
    store = MlmdStore(tmp_path / "metadata.db")
    store.types("tfx.Trainer", "system.ContainerExecution", "node")
    store.execution(1, 1, 10, 12)
    store.execution(2, 2, 10, 12)
    store.add("Context", id=1, type_id=3, name="taxi.Trainer")
    store.add("Association", context_id=1, execution_id=1)
    store.add("ExecutionProperty", execution_id=2, name="task_name", is_custom_property=1, string_value="train-op")

    components = [fact.component for fact in facts_in(store.write()) if isinstance(fact, RunFact)]
    assert components == ["taxi.Trainer", "train-op"]


def test_what_is_known_of_an_artifact_stands_with_the_run_that_made_it(two_stages: MlmdStore) -> None:
    two_stages.add("ArtifactProperty", artifact_id=2, name="auc", is_custom_property=1, double_value=0.9)
    two_stages.add("Context", id=1, type_id=1, name="c")
    two_stages.add("Attribution", context_id=1, artifact_id=2)
    two_stages.add("Event", id=50, artifact_id=1, execution_id=2, type=DECLARED_INPUT)
    two_stages.add("EventPath", event_id=50, is_index_step=0, step_key="examples")
    two_stages.add("EventPath", event_id=50, is_index_step=1, step_index=0)
    [_, train] = [fact for fact in facts_in(two_stages.write()) if isinstance(fact, RunFact)]

    [model] = train.outputs
    assert (model.digest, model.type, model.facets["properties"]) == ("mlmd:2", "model", {"auc": 0.9})
    assert model.facets["contexts"] == [{"type": "ExampleGen", "name": "c"}]
    assert train.inputs[0].facets["events"] == [
        {"type": "INPUT", "milliseconds_since_epoch": 20_000, "path": []},
        {"type": "DECLARED_INPUT", "milliseconds_since_epoch": None, "path": ["examples", 0]},
    ]


def test_what_is_only_promised_is_kept_and_not_made(two_stages: MlmdStore) -> None:
    two_stages.artifact(4, 4, None, name="next")
    two_stages.event(4, 2, PENDING)
    [_, train] = [fact for fact in facts_in(two_stages.write()) if isinstance(fact, RunFact)]

    assert train.facets["pending"] == [{"name": "next", "artifact": 4, "type": "PENDING_OUTPUT"}]
    assert [output.name for output in train.outputs] == ["/models/m"]


@pytest.mark.parametrize("version", [6, 7, 8, 9, 10])
def test_every_recent_version_of_the_schema_is_read_alike(tmp_path: Path, version: int) -> None:
    store = MlmdStore(tmp_path / "metadata.db", version)
    store.types("Train")
    store.execution(1, 1, 10, 12)
    store.add("ExecutionProperty", execution_id=1, name="steps", is_custom_property=0, int_value=3)

    assert dict(the_run(store.write()).params) == {"steps": 3}


@pytest.mark.parametrize("version", [5, 11])
def test_a_version_that_is_not_known_is_refused(tmp_path: Path, version: int) -> None:
    source = MlmdStore(tmp_path / "metadata.db", version).write()
    with pytest.raises(SourceError, match=f"version {version} of its schema .versions 6 to 10 are read"):
        facts_in(source)


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database, but long enough to look like the header of one")
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE t(a)")
    for name, reason in [("text.db", "not a database"), ("other.db", "no such table"), ("none.db", "is no file")]:
        with pytest.raises(SourceError, match=reason):
            list(MlmdLoader().read(str(tmp_path / name)))


def test_a_store_that_is_cut_off_is_named_while_it_is_read(two_stages: MlmdStore) -> None:
    path = Path(two_stages.write())
    path.write_bytes(path.read_bytes()[: 4096 * 8])
    with pytest.raises(SourceError, match="cannot be read as a store"):
        list(MlmdLoader().read(str(path)))


def test_bad_records_are_told_and_stop_nothing(two_stages: MlmdStore) -> None:
    two_stages.execution(3, 99, 30, 31)
    two_stages.execution(4, 1, 30, 31, last_known_state=42)
    two_stages.execution(5, 1, 10**15, 10**15)
    two_stages.execution(6, 1, 30, 31)
    two_stages.add("ExecutionProperty", execution_id=6, name="p", is_custom_property=0, string_value="mlmd-struct::!!")
    two_stages.event(77, 2, INPUT, 20, id=900)
    two_stages.artifact(4, 3, "/unused")
    source = two_stages.write()

    assert len(found_in(source)) == 2
    assert [(severity, path) for severity, path, _ in problems_in(source)] == [
        ("skipped", "Execution 3"),
        ("skipped", "Execution 4"),
        ("skipped", "Execution 5"),
        ("skipped", "Execution 6"),
        ("skipped", "Event 900"),
        ("warning", "Artifact 4"),
    ]
    assert problems_in(source)[0][2] == "the type 99 of execution 3 is not there"


def test_a_text_in_a_wrong_encoding_costs_its_own_record(two_stages: MlmdStore) -> None:
    path = two_stages.write()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE Artifact SET uri = CAST(x'2fff' AS TEXT) WHERE id = 2")

    assert [place for _, place, _ in problems_in(path)] == ["Execution 2"]
    assert [item.place.path for item in found_in(path)] == ["Execution 1"]


def test_an_import_counts_writes_and_stops_where_it_shall(two_stages: MlmdStore, tmp_path: Path) -> None:
    two_stages.execution(3, 99, 30, 31)
    source = two_stages.write()
    with open_store(f"sqlite:///{tmp_path}/lineage.db") as to:
        dry, wet = import_source(None, MlmdLoader(), source), import_source(to, MlmdLoader(), source)
        import_source(to, MlmdLoader(), source)
        assert (dry.read, dry.facts, dry.skipped) == (wet.read, wet.facts, wet.skipped)
        assert (dict(wet.read), wet.skipped, MlmdLoader().total(source)) == ({"execution": 2}, 1, 3)
        assert to.digest() == expected_digest(facts_in(source))
        with pytest.raises(BadRecord, match="Execution 3: the type 99"):
            import_source(to, MlmdLoader(), source, is_strict=True)


def test_the_fingerprint_changes_with_the_file(two_stages: MlmdStore) -> None:
    source = two_stages.write()
    before = MlmdLoader().fingerprint(source)
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("INSERT INTO Type(name, type_kind) VALUES (hex(zeroblob(5000)), 0)")

    assert MlmdLoader().fingerprint(source) != before


@st.composite
def stores(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Return events of five executions and four artifacts: who reads and writes what."""
    event = st.tuples(st.integers(1, 4), st.integers(1, 5), st.sampled_from([1, 2, 3, 4, 5, 6, 7]))
    return draw(st.lists(event, max_size=12, unique=True))


@settings(max_examples=6, deadline=None)
@given(stores(), st.randoms(use_true_random=False))
def test_shuffled_and_repeated_records_give_one_graph(events: list[tuple[int, int, int]], random: Random) -> None:
    with TemporaryDirectory() as folder:
        store = MlmdStore(Path(folder) / "metadata.db")
        store.types("A", "B")
        for number in range(1, 6):
            store.execution(number, 1 + number % 2, 10 * (number % 3), 10 * (number % 3) + 5)
        for number in range(1, 5):
            store.artifact(number, 1, f"/a{number % 3}")
        for place, (artifact, execution, kind) in enumerate(events):
            store.event(artifact, execution, kind, place % 4)
        facts = facts_in(store.write())
    sent = [*facts, *facts[::2]]
    random.shuffle(sent)

    with TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/lineage.db") as to:
        to.record(sent[: len(sent) // 3])
        to.record(sent[len(sent) // 3 :])
        assert to.digest() == expected_digest(facts)
