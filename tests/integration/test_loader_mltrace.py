"""A PostgreSQL database that the real mltrace has filled, and others on PostgreSQL, read by the loader."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text

from headwater.errors import SourceError
from headwater.graph.connect import connect
from headwater.graph.facts import Annotation, ComponentFact, Fact, RunFact
from headwater.loaders.base import Item
from headwater.loaders.importing import import_source
from headwater.loaders.mltrace import MltraceLoader, reading
from headwater.testing.oracle import expected_digest
from tests.support.mltrace_database import MltraceDatabase, Version
from tests.support.other_packages import run_with
from tests.support.postgres_server import postgres_server

MLTRACE = ["mltrace==0.17", "sqlalchemy<2", "joblib", "pandas", "numpy"]
CLEANS = ("mltrace-1-20210501T000000000", "mltrace-3-20210502T000000000")
TRAINS = ("mltrace-2-20210501T020000000", "mltrace-4-20210610T000000000")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as address:
        yield address


@pytest.fixture
def database(server: str, request: pytest.FixtureRequest) -> str:
    """The URL of a database of the test's own, without a driver."""
    name = f"d{hashlib.md5(request.node.name.encode()).hexdigest()[:8]}"
    engine = create_engine(f"postgresql+psycopg://{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{server}/{name}"


def facts_in(source: str) -> list[Fact]:
    return [fact for found in MltraceLoader().read(source) if isinstance(found, Item) for fact in found.facts]


def test_what_mltrace_itself_logged_is_read_exactly(database: str, tmp_path: Path) -> None:
    run_with(MLTRACE, Path(__file__).parent.parent / "support" / "make_mltrace_runs.py", f"postgresql://{database}")
    source = f"postgresql+psycopg://{database}"
    facts = facts_in(source)
    with connect(f"sqlite:///{tmp_path}/lineage.db") as lineage:
        report = import_source(lineage.store, MltraceLoader(), source)
        import_source(lineage.store, MltraceLoader(), source)
        traced = lineage.trace("model.joblib")
        assert lineage.store.digest() == expected_digest(facts)

    assert (dict(report.read), report.skipped) == ({"component": 2, "component_run": 4}, 0)
    states = {f"model.joblib@{TRAINS[1]}", f"clean.csv@{CLEANS[1]}", "raw.csv@external"}
    assert set(traced.nodes) == {*states, TRAINS[1], CLEANS[1]}
    last = next(fact for fact in facts if isinstance(fact, RunFact) and fact.id == TRAINS[1])
    assert last.facets == {
        "stale": ["clean (ID 3) was run 39 days ago."],
        "git_tags": ["v1"],
        "code_snapshot": "def run(): ...",
        "dependencies": [CLEANS[1]],
    }
    assert last.outputs[0].digest == f"mltrace:{hashlib.sha256(b'[3]').hexdigest()}"
    flagged = {fact.target for fact in facts if isinstance(fact, Annotation) and fact.kind == "flag"}
    assert flagged == {f"clean.csv@{run}" for run in CLEANS}
    assert [(c.name, c.owner, c.tags) for c in facts if isinstance(c, ComponentFact)] == [
        ("clean", "ann", ("etl",)),
        ("train", None, None),
    ]


@pytest.mark.parametrize("version", ["first", "0.17", "later"])
def test_postgresql_and_sqlite_tell_the_same(database: str, tmp_path: Path, version: Version) -> None:
    sources = []
    for url in (f"postgresql+psycopg://{database}", f"sqlite:///{tmp_path}/mltrace.db"):
        made = MltraceDatabase(url, version)
        made.add("components", name="clean", description="d", owner="ann")
        made.pointer("clean.csv", flag=version != "first")
        later = {"test_results": {"rows": [1, None]}} if version == "later" else {}
        for number in range(1, 4):
            made.run(number, "clean", (number, number + 0.5), **later)
            made.link("output", number, ["clean.csv"])
            made.link("input", number, ["clean.csv"])
        made.needs(3, 1)
        sources.append(made.write())

    ours, theirs = (facts_in(source) for source in sources)
    assert len(ours) == (4 if version == "first" else 7)
    assert expected_digest(ours) == expected_digest(theirs)


class Bomb:
    """Would end the process that loads it from a pickle."""

    def __reduce__(self) -> tuple[type[SystemExit], tuple[str]]:
        return SystemExit, ("the pickle went off",)


def test_a_pickle_that_would_do_harm_is_only_hashed(database: str) -> None:
    made = MltraceDatabase(f"postgresql+psycopg://{database}", "later")
    made.run(1, "clean", (0, 1), stale=Bomb(), git_tags=["v1"], mlflow_run_params=Bomb())
    [run] = [fact for fact in facts_in(made.write()) if isinstance(fact, RunFact)]

    content = pickle.dumps(Bomb(), pickle.HIGHEST_PROTOCOL)
    sealed = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert run.facets == {"stale": sealed, "mlflow_run_params": sealed, "git_tags": ["v1"]}


def test_rows_stay_on_the_server_until_they_are_asked_for(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = MltraceDatabase(f"postgresql+psycopg://{database}")
    for number in range(1, 8):
        made.run(number, "clean", (number, number + 1))
    source = made.write()
    monkeypatch.setattr(reading, "_ROWS_AT_ONCE", 2)

    with reading.opened(source) as opened:
        cursors: list[object] = []
        event.listen(opened.connection, "before_cursor_execute", lambda _, cursor, *__: cursors.append(cursor))
        assert len(list(opened.runs())) == 7
    assert [type(cursor).__name__ for cursor in cursors] == ["ServerCursor"] * 4


def test_nothing_can_be_written_through_the_connection(database: str) -> None:
    source = MltraceDatabase(f"postgresql+psycopg://{database}").write()
    with pytest.raises(SourceError, match="read-only transaction"), reading.opened(source) as opened:
        opened.connection.execute(text("DELETE FROM component_runs"))


def test_a_database_or_server_that_is_not_there_is_named(server: str) -> None:
    with pytest.raises(SourceError, match='database "nowhere" does not exist'):
        facts_in(f"postgresql+psycopg://{server}/nowhere")
    with pytest.raises(SourceError, match="cannot be read as a database of mltrace"):
        facts_in("postgresql+psycopg://127.0.0.1:1/nowhere")
