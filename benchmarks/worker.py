"""One task in a fresh process: `python -m benchmarks.worker TASK URL [ARGUMENT]`; prints one JSON document."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
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


def record(url: str, seed: str) -> float:
    """Record runs one by one, each durable before the next; return the seconds from the start signal on."""
    from benchmarks.generate import readers

    facts = readers("shared.csv", UNCOUNTED + int(_go()), int(seed))
    with connect(url) as lineage:
        for fact in facts[:UNCOUNTED]:
            lineage.record([fact])
        begun = _ready()
        for fact in facts[UNCOUNTED:]:
            lineage.record([fact])
        return time.perf_counter() - begun


def insert(url: str, seed: str) -> float:
    """Write runs one by one without Headwater; return the seconds from the start signal on."""
    from benchmarks.generate import readers
    from benchmarks.peer import peer_at

    facts = readers("shared.csv", UNCOUNTED + int(_go()), int(seed))
    peer = peer_at(url)
    for number, fact in enumerate(facts[:UNCOUNTED]):
        peer.write_one(number, fact.id)
    begun = _ready()
    for number, fact in enumerate(facts[UNCOUNTED:]):
        peer.write_one(number, fact.id)
    took = time.perf_counter() - begun
    peer.close()
    return took


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


def _ready() -> float:
    """Say that everything is open, wait for the other writers, and return the time of the start."""
    print("ready", flush=True)
    sys.stdin.readline()
    return time.perf_counter()


TASKS: Mapping[str, Callable[[str, str], float | None]] = {
    "ask": ask,
    "rank": rank,
    "record": record,
    "insert": insert,
    "nothing": nothing,
}


def main() -> None:
    """Run the task; print the seconds that it says it took, and its peak memory."""
    task, url, argument = sys.argv[1:]
    took = TASKS[task](url, argument)
    print(json.dumps({"seconds": took, "peak_bytes": peak_memory_bytes()}), flush=True)


if __name__ == "__main__":
    main()
