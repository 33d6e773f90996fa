"""Components record to a real Neo4j as to a file, and what it cannot take waits on disk."""

# ruff: noqa: RET504  # a component captures local variables, used or not
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.graph.lineage.face import Lineage
from headwater.sdk import recorder, recording
from headwater.sdk.component import Component
from headwater.sdk.history import History
from tests.support.neo4j_database import Database
from tests.support.neo4j_server import Neo4jServer
from tests.support.recorded import names_read, recording_in, runs

DEADLINE_S = 60.0


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, neo4j_url: Database) -> Iterator[Lineage]:
    place = {"url": neo4j_url.url, "user": neo4j_url.user, "password": neo4j_url.password}
    monkeypatch.setattr(recorder, "FIRST_PAUSE_S", 0.1)
    with recording_in(tmp_path, monkeypatch, retry_s=1.0, **place) as lineage:  # type: ignore[arg-type]
        yield lineage


def test_runs_their_lineage_and_their_history_are_in_the_server(lineage: Lineage) -> None:
    seen: list[list[str]] = []

    def compare(history: History) -> None:
        seen.append([output.name for past in history for output in past.outputs])

    @Component("make", after=[compare], durability="wait").run(output_vars=["out"])
    def make(number: int) -> dict[str, int]:
        out = {"number": number}
        return out

    @Component("use", auto_log=True).run(input_vars=["rows"])
    def use(rows: object) -> None:
        Path("used.csv").write_text(str(rows))

    use([make(1), make(2)][0])
    assert recording.flush(DEADLINE_S)
    assert seen == [[], ["out"]]
    first, _, last = runs(lineage)
    assert [state.id for _, state in last.inputs] == [f"out@{first.run.id}"]
    assert [run.id for run in lineage.trace("used.csv").runs()] == [last.run.id, first.run.id]


def test_runs_wait_on_disk_while_the_server_is_down_and_are_sent_when_it_answers(
    lineage: Lineage, neo4j_process: Neo4jServer
) -> None:
    read = Component("read").run(input_vars=["name"])(lambda name: name)
    assert read("before.csv") == "before.csv"
    assert recording.flush(DEADLINE_S)
    neo4j_process.stop()
    assert read("meanwhile.csv") == "meanwhile.csv"
    assert recording.flush(DEADLINE_S)
    assert recording.recorder_stats().spooled > 0
    neo4j_process.start()
    recorded_again = read("after.csv")
    while recording.recorder_stats().spooled:
        assert recording.flush(DEADLINE_S)
    assert recorded_again == "after.csv"
    assert [names_read(one) for one in runs(lineage)] == [["before.csv"], ["meanwhile.csv"], ["after.csv"]]
    assert recording.recorder_stats().dropped == 0
