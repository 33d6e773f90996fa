"""Sources that are broken at their real size: named, counted and left out, in little memory; what is whole is kept."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from headwater.graph.connect import connect
from headwater.graph.facts import Output, RunFact
from headwater.graph.wire import fact_to_dict
from headwater.testing.rules import at

LONG_BYTES, BOMB_BYTES, PEAK_BYTES = 100_000_000, 300_000_000, 400_000_000
# Linux alone tells how much memory this very program held; what a child is said to have held includes its parent's.
PROGRAM = """
import atexit, pathlib
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: pathlib.Path("status").write_text(status.read_text() if status.exists() else ""))
from headwater.cli import main
main()
"""
COMMAND = [sys.executable, "-c", PROGRAM, "import"]


class Lines(NamedTuple):
    """A kind of a record a line: how a line says that a run wrote `out-N`, and what comes before all of them."""

    file: str
    line: Callable[[int], str]
    head: str = ""


def _fact(number: int) -> str:
    fact = RunFact(f"r{number}", "etl", started_at=at(0), ended_at=at(1), outputs=(Output(f"out-{number}"),))
    return json.dumps(fact_to_dict(fact))


def _event(number: int) -> str:
    run = {"runId": f"00000000-0000-4000-8000-{number:012}"}
    event = {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-01T00:00:00Z",
        "producer": "https://example.org",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": run,
        "job": {"namespace": "etl", "name": "step"},
        "outputs": [{"namespace": "lake", "name": f"out-{number}"}],
    }
    return json.dumps(event)


KINDS = {
    "facts": Lines("facts.ndjson", _fact),
    "openlineage": Lines("events.ndjson", _event),
    "table": Lines(
        "runs.csv",
        lambda number: f"r{number},etl,output,out-{number},2026-01-01T00:00:00Z,2026-01-01T00:00:01Z",
        "run,component,direction,name,start,end\n",
    ),
}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWATER_STORE", "sqlite:///lineage.db")


def imported(kind: str, source: Path) -> tuple[dict[str, Any], int]:
    """Import in a process of its own; return the report and the most memory that it held, in bytes."""
    done = subprocess.run([*COMMAND, kind, str(source), "--json"], stdout=subprocess.PIPE, check=False)
    report: dict[str, Any] = json.loads(done.stdout)
    held = re.search(r"VmHWM:\s*(\d+) kB", Path("status").read_text())
    return report, int(held[1]) * 1024 if held else 0


def written() -> list[str]:
    """Return the names that runs in the store wrote."""
    with connect("sqlite:///lineage.db") as lineage:
        return sorted(pointer.name.rpartition("/")[2] for pointer in lineage.search("out-"))


def _between(kind: str, bad: bytes) -> bytes:
    """Return a source whose second record is bad."""
    lines = KINDS[kind]
    return f"{lines.head}{lines.line(1)}\n".encode() + bad + f"\n{lines.line(2)}\n".encode()


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_of_a_hundred_megabytes_is_passed_over(kind: str, tmp_path: Path) -> None:
    source = tmp_path / KINDS[kind].file
    source.write_bytes(_between(kind, b"x" * LONG_BYTES))

    report, peak = imported(kind, source)

    place = f"{source}:{2 + bool(KINDS[kind].head)}"
    assert (report["skipped"], [p["place"] for p in report["problems"]]) == (1, [place])
    assert written() == ["out-1", "out-2"]
    assert peak < PEAK_BYTES


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Return a small package of one very long line."""
    return gzip.compress(b"0" * BOMB_BYTES, compresslevel=1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_between_two_records_is_passed_over(kind: str, tmp_path: Path, bomb: bytes) -> None:
    lines, source = KINDS[kind], tmp_path / f"{KINDS[kind].file}.gz"
    first, last = (f"{lines.head}{lines.line(1)}\n".encode(), f"\n{lines.line(2)}\n".encode())
    source.write_bytes(gzip.compress(first) + bomb + gzip.compress(last))

    report, peak = imported(kind, source)

    assert report["skipped"] == 1
    assert written() == ["out-1", "out-2"]
    assert peak < PEAK_BYTES


@pytest.mark.parametrize(
    ("kind", "file"), [("prov", "a.json.gz"), ("wfformat", "a.json.gz"), ("openlineage", "a.json.gz")]
)
def test_a_bomb_as_a_document_ends_that_file_alone(kind: str, file: str, tmp_path: Path, bomb: bytes) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / file).write_bytes(gzip.compress(b"[") + bomb)
    (tmp_path / "in" / "b.json").write_text("{}")

    report, peak = imported(kind, tmp_path / "in")

    assert str(tmp_path / "in" / file) in report["problems"][0]["place"]
    assert peak < PEAK_BYTES


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["cut off", "latin-1"])
def test_a_record_that_is_cut_off_or_in_another_encoding_costs_itself_alone(
    kind: str, damage: str, tmp_path: Path
) -> None:
    line = KINDS[kind].line(3)
    bad = {
        "cut off": line[: len(line) // 2].encode(),
        "latin-1": line.replace("etl", "\xe9tl").encode("latin-1"),
    }[damage]
    source = tmp_path / KINDS[kind].file
    source.write_bytes(_between(kind, bad))

    report, _ = imported(kind, source)

    assert report["skipped"] == 1
    assert f"{source}:{2 + bool(KINDS[kind].head)}" in report["problems"][0]["place"]
    assert written() == ["out-1", "out-2"]


@pytest.mark.parametrize("kind", ["prov", "wfformat"])
@pytest.mark.parametrize("content", [b'{"entity": {"a":', b"\xff\xfe\x00", b'{"a": "\xe9"}'])
def test_a_document_that_is_cut_off_or_in_another_encoding_is_refused_with_its_name(
    kind: str, content: bytes, tmp_path: Path
) -> None:
    source = tmp_path / "a.json"
    source.write_bytes(content)
    report, _ = imported(kind, source)
    assert report["error"]["code"] == "bad_source"
    assert str(source) in report["error"]["message"]
