from __future__ import annotations

import hashlib
import os
import pickle
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url

from headwater.errors import BadRecord, MissingExtra, SourceError, UsageError
from headwater.graph.connect import open_store
from headwater.graph.facts import Annotation, ComponentFact, Fact, RunFact
from headwater.graph.model import Graph, reference
from headwater.loaders.base import Item, Problem
from headwater.loaders.importing import import_source
from headwater.loaders.mltrace import MltraceLoader
from headwater.loaders.mltrace.pickles import pickled_texts
from headwater.testing.oracle import expected_digest
from tests.support.mltrace_database import MltraceDatabase, Version

CLEAN, TRAIN = "mltrace-1-20210501T000000000", "mltrace-2-20210501T020000000"
HASH = hashlib.sha256(b"[1, 2]").digest()


@pytest.fixture
def made(tmp_path: Path) -> Callable[[Version], MltraceDatabase]:
    return lambda version: two_stages(MltraceDatabase(f"sqlite:///{tmp_path}/mltrace.db", version))


def two_stages(database: MltraceDatabase) -> MltraceDatabase:
    """A cleaning and a training that reads what the cleaning wrote."""
    database.add("components", name="clean", description="drops empty rows", owner="ann")
    database.add("components", name="train", description="", owner="")
    for name, kind in [("raw.csv", "DATA"), ("clean.csv", "DATA"), ("model", "MODEL")]:
        database.pointer(name, kind=kind)
    database.run(1, "clean", (0, 1), git_hash="abc", code_snapshot=b"def clean(): ...")
    database.run(2, "train", (2, 3))
    database.link("input", 1, ["raw.csv"])
    database.link("output", 1, ["clean.csv"])
    database.link("input", 2, ["clean.csv"])
    database.link("output", 2, ["model"])
    database.needs(2, 1)
    return database


def facts_in(source: str, **options: str) -> list[Fact]:
    found = MltraceLoader(**options).read(source)
    return [fact for item in found if isinstance(item, Item) for fact in item.facts]


def runs_in(source: str) -> dict[str, RunFact]:
    return {fact.id: fact for fact in facts_in(source) if isinstance(fact, RunFact)}


def marks_in(source: str) -> set[tuple[str, str, str, object]]:
    return {(a.target, a.kind, a.key, a.value) for a in facts_in(source) if isinstance(a, Annotation)}


def bound(graph: Graph, run: str) -> set[str]:
    return {one.state for one in graph.consumptions if one.run == run}


@pytest.mark.parametrize("version", ["first", "0.17", "later"])
def test_every_version_gives_runs_pointers_and_what_was_read(
    made: Callable[[Version], MltraceDatabase], version: Version
) -> None:
    source = made(version).write()
    graph, run = reference(facts_in(source)), runs_in(source)[CLEAN]

    assert (run.component, run.commit, run.ended_at) == ("clean", "abc", datetime(2021, 5, 1, 1, tzinfo=UTC))
    assert run.source == f"sha256:{hashlib.sha256(b'def clean(): ...').hexdigest()}"
    assert run.facets["code_snapshot"] == "def clean(): ..."
    assert runs_in(source)[TRAIN].facets["dependencies"] == [CLEAN]
    assert (bound(graph, CLEAN), bound(graph, TRAIN)) == ({"raw.csv@external"}, {f"clean.csv@{CLEAN}"})
    assert (graph.pointers[f"model@{TRAIN}"].type, graph.pointers[f"clean.csv@{CLEAN}"].type) == ("model", "data")


def test_a_component_keeps_its_owner_and_tags(made: Callable[[Version], MltraceDatabase]) -> None:
    database = made("0.17")
    for tag in ("etl", "batch"):
        database.add("component_tags", component_name="clean", tag_name=tag)
    found = [fact for fact in facts_in(database.write()) if isinstance(fact, ComponentFact)]

    ended = datetime(2021, 5, 1, 1, tzinfo=UTC)
    assert found == [
        ComponentFact("clean", "drops empty rows", "ann", ("batch", "etl"), at=ended),
        ComponentFact("train", at=ended + timedelta(hours=2)),
    ]


def test_a_dependency_says_which_state_was_read_whatever_the_clocks_say(
    made: Callable[[Version], MltraceDatabase],
) -> None:
    database = made("0.17")
    database.run(3, "clean", (10, 11))
    database.link("output", 3, ["clean.csv"])
    database.run(4, "train", (5, 6))
    database.link("input", 4, ["clean.csv"])
    database.needs(4, 1)
    database.needs(4, 3)

    graph = reference(facts_in(database.write()))
    assert bound(graph, "mltrace-4-20210501T050000000") == {"clean.csv@mltrace-3-20210501T100000000"}


def test_a_value_is_a_digest_and_says_which_state_was_read(made: Callable[[Version], MltraceDatabase]) -> None:
    database = made("0.17")
    for number, value in [(3, HASH), (4, b"not a hash")]:
        database.pointer("params", value)
        database.run(number, "clean", (3 + number, 4 + number))
        database.link("output", number, [("params", value)])
    database.run(5, "train", (20, 21))
    database.link("input", 5, [("params", HASH)])
    source = database.write()
    graph = reference(facts_in(source))

    assert bound(graph, "mltrace-5-20210501T200000000") == {"params@mltrace-3-20210501T060000000"}
    assert graph.pointers["params@mltrace-3-20210501T060000000"].digest == f"mltrace:{HASH.hex()}"
    other = hashlib.sha256(b"not a hash").hexdigest()
    assert graph.pointers["params@mltrace-4-20210501T070000000"].digest == f"mltrace:{other}"


def test_flags_notes_and_labels_are_marks(made: Callable[[Version], MltraceDatabase]) -> None:
    database = made("later")
    database.pointer("bad.csv", HASH, flag=True)
    database.pointer("given.csv", flag=True)
    database.run(3, "clean", (5, 6), notes="late data")
    database.link("output", 3, [("bad.csv", HASH)])
    database.link("input", 3, ["given.csv"])
    for label, name in [("client-7", "given.csv"), ("client-8", "clean.csv"), ("client-7", "clean.csv")]:
        database.add("labels_io_pointers", label=label, io_pointer_name=name, io_pointer_value=b"")
    asked = datetime(2021, 6, 1)  # noqa: DTZ001  # the column has no zone
    database.add("deleted_labels", label="client-7", deletion_request_time=asked)

    run, gone = "mltrace-3-20210501T050000000", "deletion requested"
    assert marks_in(database.write()) == {
        (f"bad.csv@{run}", "flag", "", True),
        ("given.csv@external", "flag", "", True),
        (run, "note", "", "late data"),
        ("given.csv@external", "label", "client-7", "attached"),
        ("given.csv@external", "label", "client-7", gone),
        (f"clean.csv@{CLEAN}", "label", "client-8", "attached"),
        (f"clean.csv@{CLEAN}", "label", "client-7", "attached"),
        (f"clean.csv@{CLEAN}", "label", "client-7", gone),
    }


class Bomb:
    """Leaves a trace when it is loaded from a pickle."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.path,)


def test_a_pickle_that_would_do_harm_is_only_hashed(made: Callable[[Version], MltraceDatabase], tmp_path: Path) -> None:
    database, harm = made("later"), tmp_path / "harm"
    bomb = pickle.dumps(Bomb(str(harm)))
    columns = ("git_tags", "stale", "mlflow_run_params", "code_snapshot")
    with closing(sqlite3.connect(make_url(database.write()).database or "")) as connection, connection:
        for column in columns:
            connection.execute(f"UPDATE component_runs SET {column} = ? WHERE id = 2", (bomb,))
        connection.execute("UPDATE io_pointers SET value = ? WHERE name = 'model'", (bomb,))
        connection.execute(
            "UPDATE component_runs_outputs SET output_path_value = ? WHERE component_run_id = 2", (bomb,)
        )
    run = runs_in(database.url)[TRAIN]

    sealed = {"bytes": len(bomb), "sha256": hashlib.sha256(bomb).hexdigest()}
    assert [run.facets[column] for column in columns[:3]] == [sealed] * 3
    assert run.outputs[0].digest == f"mltrace:{sealed['sha256']}"
    assert not harm.exists()
    pickle.loads(bomb)
    assert harm.exists()


def test_lists_of_texts_are_read_out_of_their_pickles(made: Callable[[Version], MltraceDatabase]) -> None:
    database = made("later")
    stale = ["clean (ID 1) was run 40 days ago.", "clean (ID 1) has 2 fresher runs"]
    results = {"rows": {"passed": True}}
    database.run(3, "train", (50, 51), stale=stale, git_tags=["v1"], test_results=results, mlflow_run_id="m1")
    database.run(4, "train", (60, 61), stale=[], git_tags=None)
    runs = runs_in(database.write())

    kept = runs["mltrace-3-20210503T020000000"].facets
    assert kept == {"stale": stale, "git_tags": ["v1"], "test_results": results, "mlflow_run_id": "m1"}
    assert runs["mltrace-4-20210503T120000000"].facets == {}


@settings(max_examples=40)
@given(st.lists(st.text(), unique=True), st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_a_pickled_list_of_texts_is_read_in_every_protocol(texts: list[str], protocol: int) -> None:
    try:
        content = pickle.dumps(texts, protocol)
    except UnicodeEncodeError:
        return
    assert pickled_texts(content) == texts


@pytest.mark.parametrize("value", [3, {"a": "b"}, ["a", 1], ["a", "a"], [b"a"], datetime.now, None, "a", [["a"]]])
def test_any_other_pickle_is_no_list_of_texts(value: object) -> None:
    assert pickled_texts(pickle.dumps(value)) is None


@settings(max_examples=40)
@given(st.binary(max_size=60))
def test_bytes_that_are_no_pickle_are_read_without_a_fault(content: bytes) -> None:
    assert isinstance(pickled_texts(content), list | None)


def test_times_are_of_the_zone_that_the_option_names(made: Callable[[Version], MltraceDatabase]) -> None:
    source = made("0.17").write()
    [run, _] = [fact for fact in facts_in(source, tz="Europe/Berlin") if isinstance(fact, RunFact)]

    assert run.started_at == datetime(2021, 4, 30, 22, tzinfo=UTC)
    with pytest.raises(UsageError, match="'Mars' is no time zone"):
        facts_in(source, tz="Mars")


def test_bad_records_are_told_and_stop_nothing(made: Callable[[Version], MltraceDatabase], tmp_path: Path) -> None:
    database = made("0.17")
    database.run(3, "train", (2, 1))
    database.run(4, "train", (2, 3), start_timestamp=None)
    database.run(5, "", (2, 3))
    database.run(6, "train", (2, 3))
    path = make_url(database.write()).database or ""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE component_runs SET start_timestamp = 'noon' WHERE id = 6")
    found = [one for one in MltraceLoader().read(path) if isinstance(one, Problem)]

    assert [(str(one.place), one.severity) for one in found] == [
        (f"sqlite:///{path} component_runs {number}", "skipped") for number in (3, 4, 5, 6)
    ]
    assert [one.reason.partition(" (")[0] for one in found[1:]] == [
        "component run 4 has no start_timestamp",
        "component '' is empty or not text",
        "'noon' is no time",
    ]
    with open_store(f"sqlite:///{tmp_path}/lineage.db") as to:
        dry, wet = import_source(None, MltraceLoader(), path), import_source(to, MltraceLoader(), path)
        import_source(to, MltraceLoader(), path)
        assert (dry.read, dry.facts, dry.skipped) == (wet.read, wet.facts, wet.skipped)
        assert (dict(wet.read), wet.skipped, MltraceLoader().total(path)) == (
            {"component": 2, "component_run": 2},
            4,
            6,
        )
        assert to.digest() == expected_digest(facts_in(path))
        with pytest.raises(BadRecord, match="component_runs 3"):
            import_source(to, MltraceLoader(), path, is_strict=True)


def test_what_is_no_database_of_mltrace_is_refused_and_never_made(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE components(name)")
    (tmp_path / "text.db").write_text("no database, but long enough to look like the header of one")
    for name, reason in [
        ("other.db", "it has no table component_runs, io_pointers"),
        ("text.db", "not a database"),
        ("none.db", "is no file"),
        ("x://", "knows no such database"),
        ("postgresql://host:port/", "is no database URL"),
    ]:
        source = name if "://" in name else str(tmp_path / name)
        with pytest.raises(SourceError, match=reason):
            list(MltraceLoader().read(source))
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("url", ["postgresql://ann:secret@host/db", "postgresql+psycopg://host/db?password=secret"])
def test_a_password_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError, match="PGPASSWORD") as caught:
        list(MltraceLoader().read(url))
    assert "secret" not in str(caught.value)


def test_a_driver_that_is_not_installed_is_named() -> None:
    with pytest.raises(MissingExtra, match="needs the package pg8000"):
        list(MltraceLoader().read("postgresql+pg8000://host/db"))


@settings(max_examples=6, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["input", "output"]), st.integers(1, 4), st.sampled_from("ab")), max_size=10),
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), max_size=5, unique=True),
    st.randoms(use_true_random=False),
)
def test_shuffled_and_repeated_records_give_one_graph(
    links: list[tuple[str, int, str]], needs: list[tuple[int, int]], random: Random
) -> None:
    with TemporaryDirectory() as folder:
        database = MltraceDatabase(f"sqlite:///{folder}/mltrace.db", "0.17")
        for name in "ab":
            database.pointer(name, flag=name == "b")
        for number in range(1, 5):
            database.run(number, "ab"[number % 2], (number % 3, number % 3 + 1))
        for side, run, name in links:
            database.link(side, run, [name])
        for run, on in needs:
            database.needs(run, on)
        facts = facts_in(database.write())
        sent = [*facts, *facts[::2]]
        random.shuffle(sent)
        with open_store(f"sqlite:///{folder}/lineage.db") as to:
            to.record(sent[: len(sent) // 3])
            to.record(sent[len(sent) // 3 :])
            assert to.digest() == expected_digest(facts)
