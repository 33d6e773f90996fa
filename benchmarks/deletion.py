"""Planning deletions: one plan for many requests, beside a plan for each from all edges in networkx."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import cast

import networkx

from benchmarks.measure import seconds
from benchmarks.stage import Stage
from benchmarks.table import Aim, Row, Section, as_time
from headwater.deletion.plan import Plan
from headwater.deletion.planning import plan
from headwater.deletion.policy import load_policy
from headwater.deletion.situation import Target
from headwater.deletion.survey import survey
from headwater.graph.store import DeletionStore

MOST_SECONDS = 5.0
CLIENTS = ("request/",)
ANY = ("source/", "vendor/", "request/")


def plans(stages: Sequence[Stage]) -> Section:
    """Plan one request, and many at once: for what clients sent, and for any file from outside."""
    return Section(
        "Planning deletions",
        "One plan for all requests: what derives from their files, verdicts with rules and evidence, the fewest runs to"
        " make again in waves, steps, cost. Beside it what people write first: all edges in networkx, and for each"
        " request its `descendants` in topological order.",
        [row for stage in stages for row in _rows(stage)],
    )


def _rows(stage: Stage) -> Iterator[Row]:
    one, many = stage.sizes.requests
    yield _row(stage, "file of a client", CLIENTS, one)
    yield _row(stage, "files of clients", CLIENTS, many)
    yield _row(stage, "files from outside", ANY, many)


def _row(stage: Stage, what: str, names: tuple[str, ...], count: int) -> Row:
    store = cast("DeletionStore", stage.lineage.store)
    outside = sorted(state.id for state in store.unmade() if state.name.startswith(names))
    subjects = Random(5).sample(outside, min(count, len(outside)))
    found: list[Plan] = []
    ours = seconds(lambda: found.append(_plan(store, subjects)))
    theirs = seconds(lambda: _naive(stage, subjects))
    touched, reruns = len(found[0].verdicts), len(found[0].reruns)
    what = f"{len(subjects):,} {what}: {touched:,} nodes, {reruns:,} reruns"
    aims = (Aim("5 s", ours <= MOST_SECONDS),) if stage.store == "SQLite" and count >= 1_000 else ()
    return Row(what, stage.store, as_time(ours), "networkx, each request", as_time(theirs), theirs / ours, aims)


def _plan(store: DeletionStore, subjects: Sequence[str]) -> Plan:
    targets = [Target(f"request-{number}", (subject,)) for number, subject in enumerate(subjects)]
    return plan(survey(store, targets), load_policy())


def _naive(stage: Stage, subjects: Sequence[str]) -> list[list[str]]:
    graph: networkx.DiGraph[str] = networkx.DiGraph(stage.peer.edges())
    reached = (graph.subgraph(networkx.descendants(graph, subject)) for subject in subjects)
    return [list(networkx.topological_sort(some)) for some in reached]
