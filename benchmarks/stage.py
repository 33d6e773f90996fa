"""Where a case is measured: one database with its peer, the prepared workload and the sizes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.peer import Peer
from benchmarks.prepared import Prepared
from benchmarks.sizes import Sizes
from headwater import Lineage

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Stage:
    """A store that holds the workload once the first case has recorded it."""

    peer: Peer
    lineage: Lineage
    prepared: Prepared
    sizes: Sizes
    folder: Path

    @property
    def store(self) -> str:
        """The name of the database."""
        return self.peer.name


@dataclass(frozen=True, slots=True)
class Report:
    """What a fresh process said of its task: the seconds of a writer, and its peak memory."""

    seconds: float | None
    peak_bytes: int


def in_fresh_process(task: str, url: str, argument: str = "-") -> Report:
    """Run one task of `benchmarks.worker` to its end."""
    with started(task, url, argument) as process:
        return finished(process)


def started(task: str, url: str, argument: str) -> subprocess.Popen[str]:
    """Start one task of `benchmarks.worker`."""
    command = [sys.executable, "-m", "benchmarks.worker", task, url, argument]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str]) -> Report:
    """Wait for the end of a task; raise CalledProcessError when it failed."""
    output, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Report(**json.loads(output.splitlines()[-1]))


def tell(processes: Sequence[subprocess.Popen[str]], line: str) -> None:
    """Send one line to each process."""
    for process in processes:
        pipe = _open(process.stdin)
        pipe.write(f"{line}\n")
        pipe.flush()


def hear(processes: Sequence[subprocess.Popen[str]]) -> None:
    """Wait for one line of each process."""
    for process in processes:
        _open(process.stdout).readline()


def _open(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
