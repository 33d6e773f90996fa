"""An import that is killed in the middle goes on behind what is durable, and ends with the graph of a whole one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headwater.graph.connect import connect

IMPORT = [sys.executable, "-m", "headwater.cli", "import", "openlineage", "events.ndjson", "--json"]
EVENTS = 8_000
KILLED_BEHIND = (1_000, 4_000)
DEADLINE_S = 120


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def event(number: int) -> str:
    """Return one event of a chain of runs; each fifth dataset is read by many."""
    run = {"runId": f"00000000-0000-4000-8000-{number:012}"}
    reads = [{"namespace": "lake", "name": f"part-{(number - 1) // 5}"}]
    writes = [{"namespace": "lake", "name": f"part-{number // 5}"}]
    time = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    job = {"namespace": "etl", "name": f"step-{number % 7}"}
    about = {"eventType": "COMPLETE", "eventTime": time, "producer": "https://example.org", "schemaURL": ""}
    about["schemaURL"] = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
    return json.dumps({**about, "run": run, "job": job, "inputs": reads, "outputs": writes})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    path.write_text("".join(f"{event(number)}\n" for number in range(EVENTS)))
    return path


def _done() -> int:
    """Return how many records the checkpoint says to be durable."""
    marks = list(Path(".headwater/imports").glob("*.json"))
    return json.loads(marks[0].read_text())["records"] if marks else 0


def _killed_behind(records: int) -> int:
    """Start an import, kill it once so many records are durable, and return how many were."""
    end = time.monotonic() + DEADLINE_S
    process = subprocess.Popen(IMPORT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while _done() < records:
        assert process.poll() is None, "the import ended before it could be killed"
        assert time.monotonic() < end, "the import makes no progress"
        time.sleep(0.005)
    process.kill()
    assert process.wait() < 0
    return _done()


def _digest(store: str) -> str:
    with connect(store) as lineage:
        return lineage.store.digest()


def test_an_import_killed_twice_ends_as_one_that_was_never_interrupted(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADWATER_STORE", "sqlite:///killed.db")
    durable = [_killed_behind(records) for records in KILLED_BEHIND]
    assert 0 < durable[0] < durable[1] < EVENTS

    resumed = json.loads(subprocess.run(IMPORT, capture_output=True, check=True).stdout)
    monkeypatch.setenv("HEADWATER_STORE", "sqlite:///whole.db")
    whole = json.loads(subprocess.run(IMPORT, capture_output=True, check=True).stdout)

    assert resumed["resumed_behind"] == durable[1]
    assert sum(resumed["read"].values()) == EVENTS - durable[1]
    assert (whole["resumed_behind"], sum(whole["read"].values())) == (0, EVENTS)
    assert _digest("sqlite:///killed.db") == _digest("sqlite:///whole.db")
    assert list(Path(".headwater/imports").glob("*.json")) == []
    assert source.exists()


def test_what_was_resumed_is_said_on_the_screen(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_STORE", "sqlite:///killed.db")
    durable = _killed_behind(1)
    done = subprocess.run(IMPORT[:-1], capture_output=True, text=True, check=True)
    assert f"went on behind {durable:,} records of an interrupted import" in done.stdout
    assert source.exists()
