"""Recording: batches with binding, single runs from one and more processes, and readers of a name that many read."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from statistics import median

from benchmarks import generate
from benchmarks.measure import in_turns, seconds, settle_memory
from benchmarks.stage import Stage, finished, hear, started, tell
from benchmarks.table import Aim, Row, Section, as_rate, as_time
from headwater import Erasure, RunFact

LEAST_RUNS_A_SECOND = {"SQLite": 8_000, "Neo4j": 3_500}
BARE = {"SQLite": "bare INSERTs by executemany", "Neo4j": "bare UNWIND MERGE"}
BARE_ONE = {"SQLite": "bare INSERTs of one run", "Neo4j": "one bare MERGE of one run"}
POPULAR = "popular/table.csv"


def ingest(stages: Sequence[Stage]) -> Section:
    """Record the workload, and write its finished rows beside it, batch by batch in turns."""
    return Section(
        "Recording in batches",
        "The whole workload in batches of 1,000 runs, each one transaction, against the same nodes and edges written by"
        " the bare driver, which is told every edge: on SQLite the same schema and durability, on Neo4j constraints and"
        " no further index. `speed` is the median over the batches.",
        [_ingest(stage) for stage in stages],
    )


def _ingest(stage: Stage) -> Row:
    ready = [stage.peer.batch(rows) for rows in stage.prepared.rows]
    settle_memory()
    turns = [
        (partial(stage.lineage.record, facts), partial(stage.peer.write, rows))
        for facts, rows in zip(stage.prepared.batches, ready, strict=True)
    ]
    pair = in_turns(turns)
    runs, least = stage.prepared.runs, LEAST_RUNS_A_SECOND[stage.store]
    ours, theirs = sum(pair.ours), sum(pair.theirs)
    aims = (Aim(f"{least:,} runs/s", runs / ours >= least), Aim("0.5", pair.speed >= 0.5))
    return Row(
        f"{runs:,} runs", stage.store, as_rate(runs, ours), BARE[stage.store], as_rate(runs, theirs), pair.speed, aims
    )


def singles(stages: Sequence[Stage]) -> Section:
    """Record run by run from one and more processes at once."""
    return Section(
        "Recording one run at a time",
        "Each run durable before the next is sent, from fresh processes that start together after five"
        " runs that are not counted. All read one name.",
        [_single(stage, writers) for stage in stages for writers in stage.sizes.writers],
    )


def _single(stage: Stage, writers: int) -> Row:
    runs = writers * stage.sizes.singles
    ours, theirs = _race(stage, "record", writers), _race(stage, "insert", writers)
    what = f"{writers} writer" if writers == 1 else f"{writers} writers"
    mine, bare = as_rate(runs, ours), as_rate(runs, theirs)
    return Row(what, stage.store, mine, BARE_ONE[stage.store], bare, theirs / ours)


def _race(stage: Stage, task: str, writers: int) -> float:
    """Return how long the slowest of the writers took from the common start on."""
    with ExitStack() as stack:
        seeds = [str(1_000 * writers + number) for number in range(writers)]
        processes = [stack.enter_context(started(task, stage.peer.url, seed)) for seed in seeds]
        tell(processes, str(stage.sizes.singles))
        hear(processes)
        tell(processes, "go")
        return max(finished(process).seconds or 0.0 for process in processes)


def popular(stages: Sequence[Stage]) -> Section:
    """Log a run that reads a name, and one that rewrites it, while the name has more and more readers."""
    return Section(
        "A name that many runs read",
        "One run that reads the shared name, then one that rewrites it, with so many readers before: the median. Beside"
        " it what a writer would pay who looks at the name's readers.",
        [row for stage in stages for row in _popular(stage)],
    )


def _popular(stage: Stage) -> list[Row]:
    facts = generate.readers(POPULAR, max(stage.sizes.readers) + 50 * len(stage.sizes.readers), seed=17)
    rows: list[Row] = []
    done = 0
    for count in stage.sizes.readers:
        for batch in generate.batches(facts[done:count], stage.sizes.batch):
            stage.lineage.record(batch)
        done = max(done, count)
        tried, done = facts[done : done + 20], done + 20
        rows += _at(stage, count, tried)
    return rows


def _at(stage: Stage, count: int, tried: Sequence[RunFact]) -> list[Row]:
    read = median(seconds(partial(stage.lineage.record, [fact])) for fact in tried)
    last = max(fact.started_at for fact in tried if fact.started_at)
    written = [
        RunFact(f"rewrite-{count}-{n}", "rewrite", started_at=at, ended_at=at, outputs=(POPULAR,))  # type: ignore[arg-type]
        for n, at in enumerate(last + timedelta(milliseconds=n) for n in range(5))
    ]
    write = median(seconds(partial(stage.lineage.record, [fact])) for fact in written)
    look = median(seconds(partial(stage.peer.readers, POPULAR)) for _ in range(3))
    label = "reading the readers alone"
    return [
        Row(f"reads it, {count:,} readers", stage.store, as_time(read), label, as_time(look), look / read),
        Row(f"rewrites it, {count:,} readers", stage.store, as_time(write), label, as_time(look), look / write),
    ]


def forgotten(stages: Sequence[Stage]) -> Section:
    """Record batches before and after many things were erased that they do not name, and erase a name with readers."""
    return Section(
        "Recording where something was erased",
        "Batches of runs that read one name, before and after that many erasures of names and payloads were recorded in"
        " one batch. `speed` is after in units of before. Then that name is erased, with its readers, against recording"
        " them.",
        [row for stage in stages for row in _forgotten(stage)],
    )


def _forgotten(stage: Stage) -> list[Row]:
    name, size = "forgotten/table.csv", stage.sizes.batch
    batches = list(generate.batches(generate.readers(name, 10 * size, seed=23), size))
    before = [seconds(partial(stage.lineage.record, batch)) for batch in batches[:5]]
    salt, many = "00ff", stage.sizes.erasures
    erasures = [Erasure.of_name(f"clients/{n}", f"clients/erased-{n}", "d1", salt) for n in range(many // 2)]
    erasures += [Erasure.of_payload(f"clients/{n}@r", "d1") for n in range(many // 2)]
    kept = seconds(partial(stage.lineage.record, erasures))
    after = [seconds(partial(stage.lineage.record, batch)) for batch in batches[5:]]
    gone = seconds(partial(stage.lineage.record, [Erasure.of_name(name, "forgotten/erased.csv", "d1", salt)]))
    first, later = as_rate(5 * size, sum(before)), as_rate(5 * size, sum(after))
    speed = median(before) / median(after)
    recorded = sum(before) + sum(after)
    return [
        Row(
            f"beside {many:,} erasures", stage.store, later, "before them", first, speed, (Aim("0.75", speed >= 0.75),)
        ),
        Row(f"{many:,} erasures", stage.store, as_time(kept), "5 batches", as_time(sum(before)), sum(before) / kept),
        Row(
            f"a name with {10 * size:,} readers",
            stage.store,
            as_time(gone),
            "recording",
            as_time(recorded),
            recorded / gone,
        ),
    ]
