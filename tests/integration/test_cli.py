"""The command line as programs and people meet it: documents, exit codes, failures."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import headwater
from headwater.graph.facts import Input, Output, RunFact, Status
from headwater.graph.schema import MIGRATIONS
from headwater.graph.values import JSON

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/lineage.db"
    with headwater.connect(url) as lineage:
        lineage.record(
            [
                _ran("r1", "clean", 0, ["raw [1].csv"], ["clean.csv"]),
                _ran("r2", "train", 2, ["clean.csv"], ["model.joblib"]),
                _ran("r3", "predict", 4, ["model.joblib"], ["out.csv"]),
            ]
        )
    return url


def _ran(run: str, component: str, start: int, inputs: list[str], outputs: list[str]) -> RunFact:
    started = START + timedelta(seconds=start)
    ended = started + timedelta(seconds=1)
    claims, made = tuple(map(Input, inputs)), tuple(map(Output, outputs))
    return RunFact(run, component, Status.COMPLETED, started, ended, claims, made, {"lr": 0.1})


def _headwater(store: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
    return subprocess.run(
        [sys.executable, "-m", "headwater.cli", "--store", store, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**kept, **environ},
    )


def _document(store: str, *words: str) -> Any:
    done = _headwater(store, *words, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_a_trace_is_the_document_of_the_library(store: str) -> None:
    with headwater.connect(store) as lineage:
        assert _document(store, "trace", "out.csv") == lineage.trace("out.csv").to_dict()


def test_a_trace_is_drawn_as_a_tree_with_names_as_they_are(store: str) -> None:
    done = _headwater(store, "trace", "out.csv")
    assert [line.split()[1] for line in done.stdout.splitlines()[1:7]] == [
        "predict",
        "model.joblib",
        "train",
        "clean.csv",
        "clean",
        "raw",
    ]
    assert "raw [1].csv" in done.stdout


def test_impact_goes_forward_within_its_depth(store: str) -> None:
    found = _document(store, "impact", "raw [1].csv", "--depth", "1")
    assert [node["id"] for node in found["nodes"]] == ["raw [1].csv@external", "r1", "clean.csv@r1"]
    assert (found["complete"], found["truncated"]) == (False, {"reason": "depth", "frontier": ["clean.csv@r1"]})


def test_json_may_stand_before_the_command(store: str) -> None:
    assert json.loads(_headwater(store, "--json", "stats").stdout)["runs"] == 3


def test_a_flag_is_reviewed_and_cleared(store: str) -> None:
    assert _document(store, "flag", "out.csv", "--why", "all zero", "--who", "ann") == {"flagged": ["out.csv@r3"]}
    assert _document(store, "review")["slice"] == ["out.csv@r3"]
    assert _document(store, "inspect", "r3")["outputs"][0]["flagged"]
    _document(store, "unflag", "out.csv")
    assert _document(store, "review")["slice"] == []


def test_what_was_erased_says_so_in_traces_and_runs_say_whose_rows_they_read(store: str) -> None:
    with headwater.connect(store) as lineage:
        lineage.record([RunFact("r3", inputs=(Input("model.joblib", labels={"client": "c1"}),), at=START)])
        lineage.record([headwater.Erasure.of_payload("model.joblib@r2", "d1", START)])
    told = "erased on 2026-01-01 for request d1"
    assert told in _headwater(store, "trace", "out.csv").stdout
    inspected = _headwater(store, "inspect", "r3").stdout
    assert f"model.joblib@r2  {told}" in inspected
    assert ["rows", "of", "model.joblib", "client=c1"] in [line.split() for line in inspected.splitlines()]
    [read] = _document(store, "inspect", "r3")["inputs"]
    assert (read["data_labels"], read["erased"]["request"]) == ({"client": ["c1"]}, "d1")


def test_digest_prints_the_digest_alone(store: str) -> None:
    with headwater.connect(store) as lineage:
        assert _headwater(store, "digest").stdout == f"{lineage.digest()}\n"


def test_columns_are_followed_where_a_tool_told_them(store: str) -> None:
    source: JSON = {"namespace": "file", "name": "model.joblib", "field": "weight", "transformations": []}
    facet: JSON = {"fields": {"price": {"inputFields": [source]}}}
    start = START + timedelta(seconds=10)
    inputs = (Input("file/model.joblib"), Input("file/other"))
    made = Output("file/prices", facets={"columnLineage": facet})
    with headwater.connect(store) as lineage:
        lineage.record([RunFact("r4", "price", Status.COMPLETED, start, start, inputs, (made,))])
    [found] = _document(store, "trace", "file/prices", "--column", "price")["derivations"]
    assert (found["target"], found["source"], found["basis"]) == (
        {"state": "file/prices@r4", "column": "price"},
        {"state": "file/model.joblib@external", "column": "weight"},
        "columnLineage",
    )
    assert "columnLineage" in _headwater(store, "trace", "file/prices", "--columns").stdout
    assert "derivations" not in _document(store, "trace", "file/prices")


def test_doctor_says_what_the_store_is(store: str) -> None:
    found = _document(store, "doctor")
    about = {"store": store, "software": f"SQLite {sqlite3.sqlite_version}", "schema": len(MIGRATIONS)}
    assert found.items() >= {**about, "readable": True, "rebinding": False}.items()


def test_doctor_tells_what_became_of_what_programs_recorded(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lineage.db"
    program = "import headwater\nwith headwater.Component('etl').running() as run:\n    run.output('table.csv')\n"
    for store in (url, f"sqlite:///{tmp_path}"):  # a folder is no store: the second one is spooled
        subprocess.run([sys.executable, "-c", program], env={**os.environ, "HEADWATER_STORE": store}, check=True)
    up = _document(url, "doctor")
    assert (up["spooled"], up["dropped"], up["refused"]) == (0, 0, 0)
    down = _headwater(f"sqlite:///{tmp_path}", "doctor", "--json")
    found = json.loads(down.stdout)
    assert (down.returncode, found["readable"], found["sent"]) == (1, False, 0)
    assert found["spooled"] == up["sent"] > 0
    assert found["error"]["hint"]


def test_an_export_is_whole_or_not_there_and_comes_back(store: str, tmp_path: Path) -> None:
    file, copy = tmp_path / "lineage.jsonl", f"sqlite:///{tmp_path}/copy.db"
    assert _document(store, "export", "facts", "--to", str(file)) == {"kind": "facts", "file": str(file), "loss": ""}
    assert _document(copy, "import", "facts", str(file))["facts"] == {"components": 3, "runs": 3}
    assert _headwater(copy, "digest").stdout == _headwater(store, "digest").stdout
    failed = _headwater(store, "export", "facts", "--to", str(tmp_path / "absent" / "x"))
    assert (failed.returncode, "cannot be written" in failed.stderr) == (1, True)


def test_an_export_of_a_trace_holds_its_runs_alone(store: str) -> None:
    lines = _headwater(store, "export", "facts", "--trace", "clean.csv").stdout.splitlines()
    assert [fact["id"] for fact in map(json.loads, lines) if fact["fact"] == "run"] == ["r1"]


def test_an_unknown_name_is_a_named_failure(store: str) -> None:
    done = _headwater(store, "trace", "nobody.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no pointer has the name, id or digest 'nobody.csv'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failure_for_programs_is_one_document(store: str) -> None:
    done = _headwater(store, "history", "nobody", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "unknown_component"


@pytest.mark.parametrize(
    "words", [["rank"], ["bogus"], ["trace"], ["rank", "x", "--flagged"], ["recent", "--limit", "0"]]
)
def test_wrong_usage_exits_two(store: str, words: list[str]) -> None:
    assert _headwater(store, *words).returncode == 2


def test_a_malformed_url_says_what_urls_are() -> None:
    done = _headwater("postgres://ann:secret@db/x", "stats")
    assert done.returncode == 1
    assert "sqlite:///" in done.stderr
    assert "secret" not in done.stderr


def test_the_environment_names_the_store_and_the_option_wins(store: str, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path}/other.db"
    assert (
        _headwater(store, "stats", "--json", HEADWATER_STORE=other).stdout
        == _headwater(store, "stats", "--json").stdout
    )


def test_queries_are_listed_shown_and_exported(store: str, tmp_path: Path) -> None:
    names = [query["name"] for query in _document(store, "queries", "list")["queries"]]
    assert "trace/upstream" in names
    assert _document(store, "queries", "show", "trace/upstream")["text"].startswith("// name: trace/upstream(ids)")
    _document(store, "queries", "export", str(tmp_path / "pack"))
    assert (tmp_path / "pack" / "headwater.grass").is_file()
    assert len(list((tmp_path / "pack").glob("*.cypher"))) == len(names)


def test_a_closed_pipe_is_quiet(store: str) -> None:
    command = f"{sys.executable} -m headwater.cli --store {store} queries list | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_without_typer_the_extra_is_named(store: str) -> None:
    code = "import sys; sys.modules['typer'] = None; from headwater.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, store], capture_output=True, text=True, check=False)
    assert (done.returncode, "headwater[cli]" in done.stderr) == (1, True)
