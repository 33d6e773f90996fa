"""Programs that log to a service which is away, is killed and comes back: whatever they were told is kept is kept."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

import headwater
from headwater.graph.facts import Fact
from headwater.testing.oracle import expected_digest
from tests.integration.test_sdk_process import BEGIN, run, spooled, written
from tests.support.http_service import DEADLINE_S, process, until

WRITERS, RUNS = 3, 40
WRITE = """
stage.durability = "wait"
for n in range({runs}):
    print(work(f"{writer}.{{n}}"), flush=True)
headwater.flush()
"""


@pytest.fixture
def port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found


@pytest.fixture
def environment(tmp_path: Path, port: int) -> Mapping[str, str]:
    """The environment of programs whose store is the service, with a folder of their own for the spool."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("HEADWATER_")}
    return {**ours, "HEADWATER_STORE": f"http://127.0.0.1:{port}", "HEADWATER_ARTIFACTS": str(tmp_path / "artifacts")}


class Writer:
    """A running program, and what it was told to be kept."""

    def __init__(self, folder: Path, environment: Mapping[str, str], number: int) -> None:
        code = BEGIN + WRITE.format(runs=RUNS, writer=number)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
        )
        self.acknowledged: list[str] = []
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.acknowledged.append(f"{line.strip()}.csv")

    def join(self) -> int:
        """Wait until it has ended; return how it did."""
        status = self.process.wait(4 * DEADLINE_S)
        self._thread.join(DEADLINE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


def test_what_is_recorded_without_a_service_reaches_it_when_it_is_there(
    tmp_path: Path, environment: Mapping[str, str], port: int
) -> None:
    done = run(tmp_path, environment, "print(work('early'))")
    assert (done.stdout, done.returncode) == ("early\n", 0)
    assert spooled(tmp_path) == {"early.csv"}
    with process(f"sqlite:///{tmp_path}/lineage.db", "--port", str(port), folder=tmp_path):
        run(tmp_path, environment, "print(work('late'))")
    assert written(tmp_path).keys() == {"early.csv", "late.csv"}
    assert spooled(tmp_path) == set()


def test_a_service_that_is_killed_again_and_again_costs_no_run(
    tmp_path: Path, environment: Mapping[str, str], port: int
) -> None:
    store, words = f"sqlite:///{tmp_path}/lineage.db", ("--port", str(port))
    headwater.connect(store).close()
    with process(store, *words, folder=tmp_path) as (_, service):
        writers = [Writer(tmp_path, environment, number) for number in range(WRITERS)]
        until(lambda: all(len(writer.acknowledged) > 2 for writer in writers))
        service.kill()
    with process(store, *words, folder=tmp_path) as (_, service):
        before = sum(len(writer.acknowledged) for writer in writers)
        until(lambda: sum(len(writer.acknowledged) for writer in writers) > before + WRITERS)
        service.kill()
    with process(store, *words, folder=tmp_path):
        assert [writer.join() for writer in writers] == [0] * WRITERS
        run(tmp_path, environment, "headwater.flush()")
    everything = {f"{writer}.{n}.csv" for writer in range(WRITERS) for n in range(RUNS)}
    assert {name for writer in writers for name in writer.acknowledged} == everything
    assert (set(written(tmp_path)), spooled(tmp_path)) == (everything, set())
    with headwater.connect(store) as lineage:
        facts: list[Fact] = list(lineage.store.facts())
        assert lineage.digest() == expected_digest(facts)
