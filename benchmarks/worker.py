"""One task in a fresh process: `python -m benchmarks.worker TASK URL [ARGUMENT]`; prints one JSON document."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from headwater import connect

UNCOUNTED = 5


def ask(url: str, state: str) -> None:
    """Open the store and trace one state."""
    with connect(url) as lineage:
        lineage.trace(state)


def rank(url: str, states: str) -> None:
    """Open the store and rank the runs behind the states listed in a file."""
    with connect(url) as lineage:
        lineage.rank(Path(states).read_text("utf-8").splitlines())


def record(url: str, seed: str) -> None:
    """Record runs one by one, each durable before the next."""
    from benchmarks.generate import readers

    facts = readers("shared.csv", UNCOUNTED + int(_go()), int(seed))
    with connect(url) as lineage:
        for fact in facts[:UNCOUNTED]:
            lineage.record([fact])
        _ready()
        for fact in facts[UNCOUNTED:]:
            lineage.record([fact])


def insert(url: str, seed: str) -> None:
    """Write runs one by one without Headwater."""
    from benchmarks.generate import readers
    from benchmarks.peer import peer_at

    facts = readers("shared.csv", UNCOUNTED + int(_go()), int(seed))
    peer = peer_at(url)
    for number, fact in enumerate(facts[:UNCOUNTED]):
        peer.write_one(number, fact.id)
    _ready()
    for number, fact in enumerate(facts[UNCOUNTED:]):
        peer.write_one(number, fact.id)
    peer.close()


def nothing(url: str, argument: str) -> None:
    """Do nothing: what an interpreter with Headwater imported costs."""


def peak_memory_bytes() -> int:
    """Return the peak of this program alone; getrusage also counts what the parent had when it forked."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _go() -> str:
    return sys.stdin.readline()


def _ready() -> None:
    """Say that everything is open, and wait for the other writers."""
    print("ready", flush=True)
    sys.stdin.readline()


def main() -> None:
    """Run the task and print its seconds and peak memory."""
    task, url, argument = sys.argv[1:]
    begun = time.perf_counter()
    {"ask": ask, "rank": rank, "record": record, "insert": insert, "nothing": nothing}[task](url, argument)
    print(json.dumps({"seconds": time.perf_counter() - begun, "peak_bytes": peak_memory_bytes()}), flush=True)


if __name__ == "__main__":
    main()
