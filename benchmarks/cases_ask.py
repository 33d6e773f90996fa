"""Asking: traces and impact beside the bare statement, rankings beside a walk an output, and a fresh process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

import networkx

from benchmarks import generate
from benchmarks.measure import paired, seconds, typical
from benchmarks.stage import Stage, in_fresh_process
from benchmarks.table import Aim, Row, Section, as_memory, as_time
from headwater import Answer

MOST_SECONDS = 2.0
LEAST_SPEED = 1 / 1.5


def walks(stages: Sequence[Stage]) -> Section:
    """Trace and impact of several sizes, each against the statement that the product runs."""
    return Section(
        "Trace and impact",
        "The whole answer (nodes, all edges, hops) from a state's id, against the very statement that Headwater runs,"
        " fetched to rows by the bare driver.",
        [
            _walk(stage, wanted, backward=backward)
            for stage in stages
            for backward in (True, False)
            for wanted in stage.sizes.walks
        ],
    )


def _walk(stage: Stage, wanted: int, *, backward: bool) -> Row:
    state = (stage.prepared.traced if backward else stage.prepared.reaching)[wanted]
    ask: Callable[[str], Answer] = stage.lineage.trace if backward else stage.lineage.impact
    query = "trace/upstream" if backward else "trace/downstream"
    answer = ask(state)
    pair = paired(partial(ask, state), partial(stage.peer.statement, query, [state]), stage.sizes.repeats)
    what = f"{'trace' if backward else 'impact'}, {len(answer.nodes):,} nodes, {len(answer.edges):,} edges"
    aim = Aim("within 1.5 times", pair.speed >= LEAST_SPEED)
    ours, theirs = _median(pair.ours), _median(pair.theirs)
    return Row(what, stage.store, as_time(ours), "the bare statement", as_time(theirs), pair.speed, (aim,))


def rankings(stages: Sequence[Stage]) -> Section:
    """Rank the runs behind slices of several sizes."""
    return Section(
        "Ranking the runs behind a slice",
        "Every other one of the newest predictions is bad; what else the same components wrote in the time is the"
        " contrast. Beside it one trace an output of slice and contrast, reckoned from the mean of some.",
        [row for stage in stages for row in _rankings(stage)],
    )


def bad_outputs(stage: Stage, count: int) -> Sequence[str]:
    """Return every other one of the newest predictions."""
    return stage.prepared.predictions[: 2 * count : 2]


def _rankings(stage: Stage) -> list[Row]:
    outputs = bad_outputs(stage, stage.sizes.slices[-1])
    chosen = Random(3).sample(outputs, min(stage.sizes.sampled_walks, len(outputs)))
    one_walk = seconds(lambda: [stage.lineage.trace(output) for output in chosen]) / len(chosen)
    return [_ranking(stage, count, one_walk) for count in stage.sizes.slices]


def _ranking(stage: Stage, count: int, one_walk: float) -> Row:
    bad = bad_outputs(stage, count)
    found = stage.lineage.rank(bad)
    ours = typical(partial(stage.lineage.rank, bad), stage.sizes.repeats // 2)
    theirs = one_walk * (len(found.slice_ids) + found.contrast_size)
    what = f"{len(bad):,} outputs, contrast {found.contrast_size:,}"
    aims = (Aim("2 s", ours <= MOST_SECONDS),) if stage.store == "SQLite" and len(bad) >= 10_000 else ()
    return Row(what, stage.store, as_time(ours), "one trace an output", f"~{as_time(theirs)}", theirs / ours, aims)


def naive(stages: Sequence[Stage]) -> Section:
    """What people do first: follow every path, or load all edges into networkx."""
    return Section(
        "The naive ways",
        "Paths: a chain of diamonds, whose paths double with each; a query that follows paths instead of reaching"
        " nodes, ended at the time limit. networkx: all edges loaded, then `ancestors`.",
        [row for stage in stages for row in (*_paths(stage), _networkx(stage))],
    )


def _paths(stage: Stage) -> list[Row]:
    limit = stage.sizes.path_timeout_s
    stage.lineage.record(generate.ladder(max(stage.sizes.diamonds)))
    rows = []
    for diamonds in stage.sizes.diamonds:
        state = stage.lineage.store.resolve(f"rung{diamonds}").id
        ours = typical(partial(stage.lineage.trace, state), stage.sizes.repeats)
        found: list[int | None] = []
        theirs = seconds(lambda state=state, found=found: found.append(stage.peer.paths(state, limit)))  # type: ignore[misc]
        text = as_time(theirs) if found[0] else f"over {as_time(limit)}"
        what = f"trace through {diamonds} diamonds"
        rows.append(Row(what, stage.store, as_time(ours), "every path", text, theirs / ours))
    return rows


def _networkx(stage: Stage) -> Row:
    wanted = stage.sizes.walks[-1]
    state = stage.prepared.traced[wanted]
    ours = typical(partial(stage.lineage.trace, state), stage.sizes.repeats)
    theirs = seconds(lambda: networkx.ancestors(networkx.DiGraph(stage.peer.edges()), state))
    what = f"trace, about {wanted:,} nodes"
    return Row(what, stage.store, as_time(ours), "networkx over all edges", as_time(theirs), theirs / ours)


def fresh(stages: Sequence[Stage]) -> Section:
    """Open a store of the full size in a new process and ask once: time and peak memory."""
    return Section(
        "A fresh process",
        "From the start of the interpreter to the end of the first answer, and the peak of its resident memory; beside"
        " it a process that only imports Headwater.",
        [row for stage in stages for row in _fresh(stage)],
    )


def _fresh(stage: Stage) -> list[Row]:
    small, *_, large = (stage.prepared.traced[wanted] for wanted in stage.sizes.walks)
    slice_ = stage.folder / f"slice-{stage.store}"
    slice_.write_text("\n".join(bad_outputs(stage, stage.sizes.slices[-1])), "utf-8")
    tasks = {
        f"open, trace of {stage.sizes.walks[0]:,} nodes": ("ask", small),
        f"open, trace of {stage.sizes.walks[-1]:,} nodes": ("ask", large),
        f"open, rank of {stage.sizes.slices[-1]:,} outputs": ("rank", str(slice_)),
    }
    empty = _process(stage, "nothing", "-")
    return [_cost(what, stage, _process(stage, *task), empty) for what, task in tasks.items()]


def _process(stage: Stage, task: str, argument: str) -> tuple[float, int]:
    """Return wall seconds and peak bytes of the quickest of some processes."""
    found = []
    for _ in range(stage.sizes.processes):
        peak: list[int] = []
        wall = seconds(lambda peak=peak: peak.append(in_fresh_process(task, stage.peer.url, argument).peak_bytes))  # type: ignore[misc]
        found.append((wall, peak[0]))
    return min(found)


def _cost(what: str, stage: Stage, ours: tuple[float, int], empty: tuple[float, int]) -> Row:
    mine, other = (f"{as_time(wall)}, {as_memory(peak)}" for wall, peak in (ours, empty))
    return Row(what, stage.store, mine, "import headwater alone", other, empty[0] / ours[0])


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
