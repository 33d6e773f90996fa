"""Stores that the real mlflow package has made, read by the loader: files, a database, a server."""

from __future__ import annotations

import random
import shutil
import socket
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from urllib.error import URLError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import BadRecord, SourceError, UsageError
from headwater.graph.connect import connect
from headwater.graph.facts import Annotation, Fact, RunFact
from headwater.graph.model import Graph, reference
from headwater.loaders.base import Item, Problem
from headwater.loaders.importing import import_source
from headwater.loaders.mlflow import MlflowLoader
from headwater.testing.oracle import expected_digest
from tests.support.other_packages import run_with, serving

# MLflow asks SQLAlchemy for what its newest release calls old.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")
PACKAGE = "mlflow==3.17.2"
MAKE = Path(__file__).parent.parent / "support" / "make_mlflow_store.py"
READY_S = 120


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the package made a directory `mlruns` and a file `mlflow.db`."""
    folder = tmp_path_factory.mktemp("mlflow")
    stores = ((folder / "mlruns").as_uri(), f"sqlite:///{folder}/mlflow.db")
    where = [uri for store in stores for uri in (store, (folder / "artifacts").as_uri())]
    run_with([PACKAGE], MAKE, *where)
    return folder


@pytest.fixture(scope="module")
def directory(made: Path) -> Path:
    return made / "mlruns"


@pytest.fixture(scope="module")
def database(made: Path) -> Path:
    return made / "mlflow.db"


@pytest.fixture(scope="module")
def server(database: Path) -> Iterator[str]:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    where = ["--backend-store-uri", f"sqlite:///{database}", "--host", "127.0.0.1", "--port", str(port)]
    jobless = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with serving([PACKAGE], "mlflow", "server", *where, "--workers", "1", **jobless) as process:
        url, end = f"http://127.0.0.1:{port}", time.monotonic() + READY_S
        while not _is_ready(url):
            assert process.poll() is None, "the server has ended"
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.1)
        yield url


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture(params=["directory", "database"])
def source(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def facts_in(source: str, **options: str) -> list[Fact]:
    found = list(MlflowLoader(**options).read(source))  # type: ignore[arg-type]
    assert [one for one in found if isinstance(one, Problem)] == []
    return [fact for one in found if isinstance(one, Item) for fact in one.facts]


def named(facts: list[Fact]) -> dict[str, RunFact]:
    """Return the runs by the names that the program gave them."""
    runs = [fact for fact in facts if isinstance(fact, RunFact)]
    return {str(run.facets.get("run_name", run.outputs[0].digest if run.outputs else "")): run for run in runs}


def test_each_run_has_its_status_times_params_commit_and_parent(source: str) -> None:
    runs = named(facts_in(source))

    status = {name: run.status for name, run in runs.items() if "version" not in name}
    assert status == {
        "sweep": "completed",
        "depth-2": "completed",
        "depth-3": "completed",
        "score": "completed",
        "broken": "failed",
        "open": "running",
        "removed": "aborted",
    }
    trial, sweep = runs["depth-2"], runs["sweep"]
    assert (trial.component, runs["open"].component) == ("taxi/make_mlflow_store.py", "taxi")
    assert dict(trial.params) == {"depth": "2", "rate": "0.1"}
    assert trial.commit == "0123456789abcdef0123456789abcdef01234567"
    assert trial.facets["parent_run"] == sweep.id
    assert trial.started_at is not None
    assert trial.ended_at is not None
    assert sweep.started_at is not None
    assert sweep.started_at <= trial.started_at < trial.ended_at
    assert runs["removed"].facets["lifecycle_stage"] == "deleted"


def test_metrics_are_kept_with_every_value_and_what_is_no_number_as_text(source: str) -> None:
    trial = named(facts_in(source))["depth-2"]

    assert trial.facets["metrics"] == {"rmse": 0.25, "odd": "nan"}
    history = cast("list[tuple[int, int, float]]", trial.facets["metric.rmse"])
    assert [(step, value) for step, _, value in history] == [(0, 1 / 2), (1, 1 / 3), (2, 1 / 4)]


def test_history_can_be_left_out(directory: Path) -> None:
    facts = [f for one in MlflowLoader(history=False).read(str(directory)) if isinstance(one, Item) for f in one.facts]
    trial = named(facts)["depth-2"]
    assert trial.facets["metrics"] == {"rmse": 0.25, "odd": "nan"}
    assert "metric.rmse" not in trial.facets


def test_a_tag_is_a_label_and_a_description_a_note(source: str) -> None:
    facts = facts_in(source)
    runs = named(facts)
    said = {(a.target, a.kind, a.key, a.value) for a in facts if isinstance(a, Annotation)}
    assert (runs["depth-3"].id, "label", "team", "fares") in said
    assert (runs["sweep"].id, "note", "", "Two depths.") in said
    assert (f"models:/fare-model@{runs['version:2'].id}", "label", "aliases", "champion") in said


def test_datasets_bind_by_digest_and_models_by_the_run_that_made_them(source: str) -> None:
    facts = facts_in(source)
    graph, runs = reference(facts), named(facts)
    read = {run: {bound.state for bound in graph.consumptions if bound.run == run} for run in graph.runs}

    model = f"taxi/fare@{runs['depth-3'].id}"
    assert read[runs["score"].id] == read[runs["version:2"].id] == {model}
    assert graph.pointers[model].type == "model"
    assert str(graph.pointers[model].digest).startswith("m-")
    assert len(read[runs["depth-3"].id]) == 2
    assert read[runs["depth-3"].id] == read[runs["depth-2"].id]
    assert {state.rpartition(":")[0] for state in read[runs["depth-2"].id]} == {"trips@external"}


def test_each_version_of_a_registered_model_is_a_state_that_leads_to_its_data(source: str, tmp_path: Path) -> None:
    with connect(f"sqlite:///{tmp_path}/lineage.db") as lineage:
        report = import_source(lineage.store, MlflowLoader(), source)
        runs = named(facts_in(source))
        found = lineage.trace("models:/fare-model")

    assert (dict(report.read), report.skipped) == ({"run": 7, "model version": 2}, 0)
    version, trial = runs["version:2"], runs["depth-3"]
    data = {f"trips@external:{given.digest}" for given in trial.inputs}
    assert set(found.nodes) == {
        *(f"models:/fare-model@{version.id}", version.id, f"taxi/fare@{trial.id}", trial.id),
        *data,
    }


@pytest.mark.slow
def test_a_server_tells_the_same_facts_as_its_database(server: str, database: Path) -> None:
    assert facts_in(server) == facts_in(f"sqlite:///{database}")
    assert MlflowLoader().fingerprint(server) is None


@pytest.mark.parametrize(("option", "component"), [("experiment", "taxi"), ("name", "taxi/depth-2")])
def test_what_names_the_component_can_be_chosen(directory: Path, option: str, component: str) -> None:
    assert named(facts_in(str(directory), component=option))["depth-2"].component == component


def test_reading_leaves_the_store_and_the_working_folder_as_they_were(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = MlflowLoader().fingerprint(source)
    facts_in(source)
    assert MlflowLoader().fingerprint(source) == before
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def facts(directory: Path) -> list[Fact]:
    return facts_in(str(directory))


@settings(max_examples=8, deadline=None)
@given(seed=st.randoms(use_true_random=False), size=st.integers(1, 20))
def test_any_order_any_repeats_and_any_split_give_one_digest(facts: list[Fact], seed: random.Random, size: int) -> None:
    sent = [*facts, *seed.choices(facts, k=len(facts) // 2)]
    seed.shuffle(sent)
    with TemporaryDirectory() as folder, connect(f"sqlite:///{folder}/lineage.db") as lineage:
        for start in range(0, len(sent), size):
            lineage.store.record(sent[start : start + size])
        assert lineage.store.digest() == expected_digest(facts)


@pytest.fixture
def torn(directory: Path, tmp_path: Path) -> tuple[Path, Graph]:
    """A copy whose runs were cut off while they were written, each in another way, and the graph of the rest."""
    copy = tmp_path / "mlruns"
    shutil.copytree(directory, copy)
    runs = named(facts_in(str(directory)))
    damaged = [runs[name] for name in ("broken", "open", "removed", "sweep")]
    metas = [next(copy.glob(f"*/{run.id}/meta.yaml")) for run in damaged]
    metas[0].write_text("")
    metas[1].unlink()
    metas[2].write_text(metas[2].read_text()[:60])
    metas[3].write_bytes(b"run_name: [\xff")
    rest = [fact for fact in facts_in(str(directory)) if _run_of(fact) not in {run.id for run in damaged}]
    return copy, reference(rest)


def _run_of(fact: Fact) -> str:
    return fact.target if isinstance(fact, Annotation) else getattr(fact, "id", "")


def test_a_half_written_run_is_named_counted_and_left_out(torn: tuple[Path, Graph], tmp_path: Path) -> None:
    directory, rest = torn
    with connect(f"sqlite:///{tmp_path}/lineage.db") as lineage:
        dry = import_source(None, MlflowLoader(), str(directory))
        report = import_source(lineage.store, MlflowLoader(), str(directory))
        stats = lineage.store.stats()

    assert (report.skipped, dict(report.read)) == (4, {"run": 3, "model version": 2})
    assert (dry.skipped, dry.read, dry.facts) == (4, report.read, report.facts)
    missing = {path.parent.name for path in directory.glob("*/*/meta.yaml")} - rest.runs.keys()
    assert all(any(run in str(problem.place) for problem in report.problems) for run in missing if len(run) == 32)
    assert stats["runs"] == len(rest.runs)


def test_where_none_may_be_torn_the_first_stops_it(torn: tuple[Path, Graph], tmp_path: Path) -> None:
    with connect(f"sqlite:///{tmp_path}/lineage.db") as lineage, pytest.raises(BadRecord, match="MLflow cannot read"):
        import_source(lineage.store, MlflowLoader(), str(torn[0]), is_strict=True)


def test_an_experiment_without_its_description_is_left_out_with_its_name(directory: Path, tmp_path: Path) -> None:
    shutil.copytree(directory, tmp_path / "mlruns")
    [meta] = [path for path in (tmp_path / "mlruns").glob("*/meta.yaml") if "name: taxi" in path.read_text()]
    meta.write_text("artifact_location: [")
    found = list(MlflowLoader().read(str(tmp_path / "mlruns")))
    assert any(isinstance(one, Problem) and meta.parent.name in str(one.place) for one in found)


def test_a_database_of_something_else_is_refused_and_gets_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE own (id INT)")
    with pytest.raises(SourceError, match="no database of MLflow"):
        facts_in(str(path))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("own",)]


@pytest.mark.parametrize("wrong", ["nowhere", "sqlite:///nowhere.db", "."])
def test_what_is_no_store_is_refused(wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError):
        facts_in(wrong)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(SourceError, match="MLflow cannot read it"):
        facts_in("http://127.0.0.1:9")


def test_a_password_in_the_address_and_an_unknown_option_are_refused() -> None:
    with pytest.raises(UsageError, match="password"):
        facts_in("http://ann:secret@127.0.0.1:9")
    with pytest.raises(UsageError, match="component"):
        MlflowLoader(component="script")
