"""Real workflows of WfCommons: what a trace of each of their files holds, beside an independent search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx
import pytest

from headwater.graph.answer import Answer
from headwater.graph.connect import open_store
from headwater.graph.embedded import SQLiteEngine
from headwater.graph.facts import RunFact
from headwater.graph.lineage.face import Lineage
from headwater.graph.model import Pointer
from headwater.graph.query_store import QueryStore
from headwater.graph.store import Store
from headwater.loaders.importing import Report, import_source
from headwater.loaders.wfformat import WfFormatLoader
from tests.support.shared_data import shared_data
from tests.support.stores import opened, place_for

TASKS = 416 + 5 + 10 + 203
FILES = 456 + 6 + 11 + 877


@pytest.fixture(scope="module")
def instances() -> Path:
    return shared_data("wfformat")


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=[pytest.mark.neo4j, pytest.mark.slow])])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[QueryStore]:
    with opened(place_for(request, tmp_path)) as found:
        yield found


def test_trace_and_impact_of_files_are_those_of_a_breadth_first_search(store: QueryStore, instances: Path) -> None:
    report = import_source(store, WfFormatLoader(), str(instances))

    expected = graph_of(instances)
    names = [node for node, kind in expected.nodes(data="kind") if kind == "file"]
    assert len(names) == FILES
    if not isinstance(store.engine, SQLiteEngine):  # 2,700 walks take a server most of a minute
        names = names[::5]
    tasks = {fact.id: str(fact.facets["task"]) for fact in store.facts() if isinstance(fact, RunFact)}
    lineage = Lineage(store)
    assert (report.skipped, report.warnings, report.facts["runs"]) == (0, 0, TASKS)
    assert wrong(names, lambda name: reached(lineage.trace(name), tasks), expected, networkx.ancestors) == []
    assert wrong(names, lambda name: reached(lineage.impact(name), tasks), expected, networkx.descendants) == []


def test_the_same_documents_in_any_order_and_number_are_one_graph(instances: Path, tmp_path: Path) -> None:
    paths = sorted(instances.glob("*.json"))
    once, again = opened_at(tmp_path / "once.db"), opened_at(tmp_path / "again.db")
    with once, again:
        import_all(once, [instances])
        import_all(again, [*reversed(paths), instances])

        assert once.digest() == again.digest()


def test_a_dry_run_counts_what_an_import_does(instances: Path, tmp_path: Path) -> None:
    dry = import_source(None, WfFormatLoader(), str(instances))
    with opened_at(tmp_path / "real.db") as store:
        real = import_source(store, WfFormatLoader(), str(instances))

        assert (dry.read, dry.facts, dry.opaque) == (real.read, real.facts, real.opaque)
        assert store.stats()["runs"] == TASKS


def opened_at(path: Path) -> Store:
    return open_store(f"sqlite:///{path}")


def import_all(store: Store, paths: list[Path]) -> list[Report]:
    return [import_source(store, WfFormatLoader(), str(path)) for path in paths]


def graph_of(folder: Path) -> Any:
    """Every workflow as its documents say it, without any code of the loader."""
    graph = networkx.DiGraph()
    for path in folder.glob("*.json"):
        for task in json.loads(path.read_text("utf-8"))["workflow"]["specification"]["tasks"]:
            graph.add_node(task["id"], kind="task")
            for name in (*task["inputFiles"], *task["outputFiles"]):
                graph.add_node(name, kind="file")
            graph.add_edges_from((name, task["id"]) for name in task["inputFiles"])
            graph.add_edges_from((task["id"], name) for name in task["outputFiles"])
    return graph


def reached(answer: Answer, tasks: dict[str, str]) -> set[str]:
    assert answer.is_complete
    return {node.name if isinstance(node, Pointer) else tasks[node.id] for node in answer}


def wrong(names: list[str], found: Any, graph: Any, search: Any) -> list[str]:
    return [name for name in names if found(name) != {name, *search(graph, name)}]
