"""Planning deletions: one plan for many requests, beside a plan for each from all edges in networkx."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, cast

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
SOURCES = ("source/", "vendor/", "request/")


def plans(stages: Sequence[Stage]) -> Section:
    """Plan several numbers of requests at once."""
    return Section(
        "Planning deletions",
        "Each request is for one of the files that came from outside, at random: what derives from it, verdicts, the"
        " runs to make again in waves, steps, cost. Beside it what people write first, request by request: all edges in"
        " networkx, `descendants`, and every run among them in topological order, reckoned from some requests.",
        [_planned(stage, count) for stage in stages for count in stage.sizes.requests],
    )


def _planned(stage: Stage, count: int) -> Row:
    store = cast("DeletionStore", stage.lineage.store)
    outside = sorted(state.id for state in store.unmade() if state.name.startswith(SOURCES))
    subjects = Random(5).sample(outside, min(count, len(outside)))
    found: list[Plan] = []
    ours = seconds(lambda: found.append(_plan(store, subjects)))
    graph: list[Any] = []
    loading = seconds(lambda: graph.append(networkx.DiGraph(stage.peer.edges())))
    some = subjects[: stage.sizes.sampled_walks]
    one = seconds(lambda: [_naive(graph[0], subject) for subject in some]) / len(some)
    theirs = loading + one * len(subjects)
    touched, reruns = len(found[0].verdicts), len(found[0].reruns)
    what = f"{len(subjects):,} requests, {touched:,} nodes touched, {reruns:,} reruns"
    aims = (Aim("5 s", ours <= MOST_SECONDS),) if stage.store == "SQLite" and count >= 1_000 else ()
    return Row(what, stage.store, as_time(ours), "networkx, a request each", f"~{as_time(theirs)}", theirs / ours, aims)


def _plan(store: DeletionStore, subjects: Sequence[str]) -> Plan:
    targets = [Target(f"request-{number}", (subject,)) for number, subject in enumerate(subjects)]
    return plan(survey(store, targets), load_policy())


def _naive(graph: Any, subject: str) -> list[str]:
    return list(networkx.topological_sort(graph.subgraph(networkx.descendants(graph, subject))))
