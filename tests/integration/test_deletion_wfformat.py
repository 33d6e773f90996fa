"""Plans on real workflows of WfCommons: what each of their input files reaches, and in which waves it is made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import networkx
import pytest

from headwater.deletion.plan import Plan
from headwater.deletion.planning import plan
from headwater.deletion.policy import load_policy
from headwater.deletion.situation import Target
from headwater.deletion.survey import survey
from headwater.graph.facts import RunFact
from headwater.graph.store import DeletionStore
from headwater.ids import external_id
from headwater.loaders.importing import import_source
from headwater.loaders.wfformat import WfFormatLoader
from tests.integration.test_loader_wfformat import graph_of
from tests.support.shared_data import shared_data
from tests.support.stores import opened, place_for

INPUT_FILES = 40 + 1 + 1 + 13


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=[pytest.mark.neo4j, pytest.mark.slow])])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DeletionStore]:
    with opened(place_for(request, tmp_path)) as found:
        yield found


def test_each_input_file_reaches_what_a_search_does_and_its_waves_are_an_order_of_the_workflow(
    store: DeletionStore,
) -> None:
    folder = shared_data("wfformat")
    import_source(store, WfFormatLoader(), str(folder))
    workflow = graph_of(folder)
    tasks = {fact.id: str(fact.facets["task"]) for fact in store.facts() if isinstance(fact, RunFact)}
    files = [node for node, kind in workflow.nodes(data="kind") if kind == "file" and not workflow.in_degree(node)]

    plans = {file: planned(store, file) for file in files}

    assert len(files) == INPUT_FILES
    assert [file for file in files if reached(plans[file], tasks) != networkx.descendants(workflow, file)] == []
    assert [file for file in files if rerun(plans[file], tasks) != tasks_behind(workflow, file)] == []
    assert [file for file in files if not is_order(plans[file], tasks, workflow)] == []


def planned(store: DeletionStore, file: str) -> Plan:
    return plan(survey(store, [Target("q", (external_id(file),))]), load_policy())


def reached(found: Plan, tasks: dict[str, str]) -> set[str]:
    nodes = {verdict.node for verdict in found.verdicts if verdict.sources}
    return {tasks.get(node) or node.rpartition("@")[0] for node in nodes}


def rerun(found: Plan, tasks: dict[str, str]) -> set[str]:
    return {tasks[one.run] for one in found.reruns}


def tasks_behind(workflow: Any, file: str) -> set[str]:
    """All of them: each file of a workflow is written once, so every state is the newest of its name."""
    behind = cast("set[str]", networkx.descendants(workflow, file))
    return {node for node in behind if workflow.nodes[node]["kind"] == "task" and workflow.out_degree(node)}


def is_order(found: Plan, tasks: dict[str, str], workflow: Any) -> bool:
    wave = {tasks[one.run]: one.wave for one in found.reruns}
    return all(
        wave[maker] < wave[task]
        for task in wave
        for file in workflow.predecessors(task)
        for maker in workflow.predecessors(file)
        if maker in wave
    )
