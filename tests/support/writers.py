"""Programs that use a store from a process of their own, so that tests can race them and kill them.

The processes are forked from a server that has everything loaded and holds no store: they begin at once.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeAlias

from headwater.graph import ingest
from headwater.graph.engine import Transaction
from headwater.graph.facts import Input, Output, RunFact
from headwater.testing.rules import at
from tests.support.nasty_facts import NAMES, nasty_facts, shuffled
from tests.support.neo4j_database import Database
from tests.support.stores import opened

Program: TypeAlias = Callable[..., None]

BATCH_RUNS = 25
STALLED_PART = 3
DEADLINE_S = 240.0

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class Writer:
    """A running program and the pipe on which it says what the store has acknowledged."""

    process: BaseProcess
    pipe: Connection

    def hear(self) -> Any:
        """Return the next thing that it says; raises EOFError when it has ended."""
        assert self.pipe.poll(DEADLINE_S), "it says nothing"
        return self.pipe.recv()

    def hear_rest(self) -> list[Any]:
        """Return all that it still said before it ended."""
        said = []
        try:
            while True:
                said.append(self.hear())
        except (EOFError, ConnectionResetError):
            return said

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.kill()
        self.process.join()


@contextmanager
def running(program: Program, place: Database, calls: Sequence[Sequence[object]]) -> Iterator[list[Writer]]:
    """Start the program once for each tuple of arguments; let all begin at one moment; leave none behind."""
    with ExitStack() as stack:
        writers = [_start(program, place, arguments) for arguments in calls]
        for writer in writers:
            stack.callback(writer.pipe.close)
            stack.callback(writer.kill)
        for writer in writers:
            writer.hear()
        for writer in writers:
            writer.pipe.send("go")
        yield writers


def run_all(program: Program, place: Database, calls: Sequence[Sequence[object]]) -> list[Any]:
    """Run the program once for each tuple of arguments, all at one moment; return what they said; none may fail."""
    with running(program, place, calls) as writers:
        said = [word for writer in writers for word in writer.hear_rest()]
        for writer in writers:
            writer.process.join(DEADLINE_S)
        assert [writer.process.exitcode for writer in writers] == [0] * len(writers)
    return said


def _start(program: Program, place: Database, arguments: Sequence[object]) -> Writer:
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=_run, args=(program, place, theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    return Writer(process, ours)


def _run(program: Program, place: Database, pipe: Connection, *arguments: object) -> None:
    pipe.send("ready")
    pipe.recv()
    program(place, pipe, *arguments)


def write_share(place: Database, _: Connection, seed: int, size: int, part: int, parts: int, order: int) -> None:
    """Record every parts-th of the seed's facts, from `part` on, in an order of its own."""
    with opened(place) as store:
        for facts in shuffled(order, nasty_facts(seed, size)[part::parts]):
            store.record(facts)


def write_forever(place: Database, pipe: Connection, writer: str) -> None:
    """Record batch after batch, and say the number of each when it is acknowledged."""
    with opened(place) as store:
        for number in count():
            store.record(batch(writer, number))
            pipe.send(number)


def write_and_stall(place: Database, pipe: Connection, readers_per_part: int) -> None:
    """Record a state so late that its readers are bound anew in parts, and stay in the middle of them."""
    parts = count(1)
    rebind_next = ingest.rebind_next

    def stall(tx: Transaction, locked: frozenset[int], readers_per_part: int) -> bool:
        if next(parts) > STALLED_PART:
            pipe.send("stalled")
            pipe.recv()
        return rebind_next(tx, locked, readers_per_part)

    ingest.rebind_next = stall
    opened(place, readers_per_part=readers_per_part).record([late_state()])


def open_once(place: Database, pipe: Connection) -> None:
    """Open a store that may not exist yet, record one run in it, and say its id."""
    run = f"by-{os.getpid()}"
    with opened(place) as store:
        store.record([RunFact(run, "etl", at=at(0))])
        pipe.send(run)


def late_state() -> RunFact:
    """Return the run that made the state which all readers should have read."""
    return RunFact("late", "make-late", None, at(10), at(11), outputs=(Output("hot"),))


def batch(writer: str, number: int) -> list[RunFact]:
    """Return one batch of a writer: its runs read and overwrite the names that all writers share."""
    return [_nth_run(f"{writer}.{number}.{n}", 17 * number + n) for n in range(BATCH_RUNS)]


def _nth_run(run: str, n: int) -> RunFact:
    read, written = NAMES[n % len(NAMES)], NAMES[n * 7 % len(NAMES)]
    start = 500 - n * 13 % 499
    outputs = (Output(written, f"d{n % 5}"),) if n % 3 else ()
    return RunFact(run, f"stage-{n % 4}", None, at(start), at(start + n % 4), (Input(read),), outputs, {"n": n})
