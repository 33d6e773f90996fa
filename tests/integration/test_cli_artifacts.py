"""Artifacts on the command line: documents, files, exit codes, and nothing removed without being told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import headwater
from headwater.cli.app import app
from headwater.cli.context import options
from headwater.graph import connect
from headwater.graph.facts import Output, RunFact, Status
from headwater.sdk.artifacts.saved import save_file, save_value
from headwater.sdk.artifacts.store import ArtifactStore
from headwater.sdk.artifacts.where import open_artifacts

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ArtifactStore]:
    """A run that wrote two artifacts, and a third that no state needs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWATER_STORE", "sqlite:///lineage.db")
    for option in ("store", "database"):
        monkeypatch.setattr(options, option, None)
    monkeypatch.setattr(connect, "_configured", [])
    store = open_artifacts(str(tmp_path / "artifacts"))
    Path("in.csv").write_text("a,b\n", "utf-8")
    made = [save_value(store, {"recall": 0.9}, "metrics"), save_file(store, "in.csv", "in.csv")]
    save_value(store, "forgotten", "forgotten", "text")
    outputs = (*(Output(entry.name, entry.digest) for entry in made), Output("bare"))  # type: ignore[arg-type]
    with headwater.connect() as lineage:
        lineage.record([RunFact("r1", "evaluate", Status.COMPLETED, NOW, NOW, (), outputs)])
    yield store
    options.json = False


def headwater_(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["artifacts", *words])
    options.json = False
    assert done.exit_code == code, done.output
    return done.output


def document(*words: str, code: int = 0) -> Any:
    return json.loads(headwater_(*words, "--json", code=code))


@pytest.mark.usefixtures("store")
def test_list_tells_what_is_saved_and_how_much() -> None:
    found = document("list")
    assert [(one["name"], one["format"]) for one in found["artifacts"]] == [
        ("forgotten", "text"),
        ("in.csv", "file"),
        ("metrics", "json"),
    ]
    assert (found["count"], found["size_bytes"], found["stored_bytes"], found["damaged"]) == (3, 28, 28, [])
    lines = headwater_("list", "--limit", "1").splitlines()
    assert lines[-2:] == ["3 artifacts of 28 bytes in 28 bytes of chunks", "2 more: --limit"]


def test_get_writes_the_bytes_by_name_state_or_digest_and_replaces_nothing_unasked(store: ArtifactStore) -> None:
    digest = next(entry.digest for entry in store.entries() if entry.name == "forgotten")
    assert document("get", "metrics")["path"] == "metrics.json"
    assert json.loads(Path("metrics.json").read_text("utf-8")) == {"recall": 0.9}
    document("get", "in.csv@r1", "--to", "copy.csv")
    document("get", digest, "--to", "copy.txt")
    assert (Path("copy.csv").read_text("utf-8"), Path("copy.txt").read_text("utf-8")) == ("a,b\n", "forgotten")
    assert document("get", "in.csv", code=1)["error"]["message"] == "in.csv is there already"
    document("get", "metrics", "--to", "in.csv", "--force")
    assert Path("in.csv").read_text("utf-8") == '{"recall": 0.9}'


@pytest.mark.parametrize(("reference", "code"), [("nothing", "unknown_pointer"), ("bare", "unknown_artifact")])
@pytest.mark.usefixtures("store")
def test_what_is_not_saved_is_a_named_failure(reference: str, code: str) -> None:
    assert document("get", reference, code=1)["error"]["code"] == code


def test_verify_names_what_is_damaged_and_fails(store: ArtifactStore) -> None:
    assert headwater_("verify") == "3 artifacts read, 0 damaged\n"
    entry = next(entry for entry in store.entries() if entry.name == "metrics")
    chunk = Path(str(store.place), entry.chunks[0].key)
    chunk.write_bytes(b"{}")
    [found] = document("verify", code=1)["damaged"]
    assert found == {"digest": entry.digest, "name": "metrics", "faults": [f"{chunk} is damaged"]}
    assert document("verify", "in.csv") == {"verified": 1, "damaged": [], "damaged_entries": []}
    Path(str(store.place), entry.key).write_bytes(b"")
    assert "1 damaged" in headwater_("verify", code=1)
    assert len(document("list")["damaged"]) == 1


def test_gc_shows_first_and_removes_only_what_nothing_needs(store: ArtifactStore) -> None:
    assert document("gc", "--apply")["artifacts"] == []
    shown = document("gc", "--grace-days", "0")
    assert ([one["name"] for one in shown["artifacts"]], shown["applied"]) == (["forgotten"], False)
    assert "nothing was removed: --apply does" in headwater_("gc", "--grace-days", "0")
    assert document("gc", "--grace-days", "0", "--apply") == {**shown, "applied": True}
    assert sorted(entry.name for entry in store.entries()) == ["in.csv", "metrics"]  # type: ignore[type-var]
    assert "every artifact is needed, or new" in headwater_("gc", "--grace-days", "0")


def test_gc_leaves_what_was_saved_for_another_graph_and_says_so(store: ArtifactStore) -> None:
    save_value(open_artifacts(str(store.place), "another"), [1], "theirs")
    assert document("gc", "--grace-days", "0", "--apply")["of_other_graphs"] == 1
    assert "1 artifacts were saved for other graphs" in headwater_("gc")


def test_the_place_is_that_of_the_environment(
    store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADWATER_ARTIFACTS", str(tmp_path / "other"))
    assert document("list")["count"] == 0
    monkeypatch.setenv("HEADWATER_ARTIFACTS", "nosuch://user:secret@host/path")
    failure = document("list", code=1)["error"]
    assert "secret" not in str(failure)
    assert failure["code"] == "usage"
    assert store.has(next(store.entries()).digest)
