"""Real workflows of WfCommons, at their size and multiplied: importing them, and walks from their files."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import networkx

from benchmarks.measure import Pair, in_turns
from benchmarks.stage import ROOT, Stage
from benchmarks.table import Row, Section, as_rate, as_time
from headwater import Lineage
from headwater.loaders.importing import import_source
from headwater.loaders.wfformat import WfFormatLoader

INSTANCES = ROOT.parent / "shared" / "data" / "wfformat"
# A million runs on the store of one file; the server would need most of an hour for them.
TIMES_THE_WORKLOAD = {"SQLite": 10}
SAMPLED_FILES = 200

IN_MEMORY = "networkx in memory"

Document: TypeAlias = dict[str, Any]
Reached: TypeAlias = tuple[set[str], int]


class Walk(Enum):
    """Against the flow of data, or with it."""

    TRACE = auto()
    IMPACT = auto()


def workflows(stages: Sequence[Stage]) -> Section:
    """Import real workflows and copies of them, and walk from their files, beside networkx on the same documents."""
    return Section(
        "Workflows of WfCommons",
        "Four real executions (1000genome, viralrecon, two of helloworld) read from their documents, then as many"
        " copies with names of their own as make up the size. Beside it: the same documents as a graph of networkx in"
        " memory, searched breadth first; every walk found the same files and as many tasks. Without the public data"
        " sets beside the checkout there are no rows.",
        [row for stage in stages for row in _rows(stage)] if INSTANCES.exists() else [],
    )


def _rows(stage: Stage) -> Iterator[Row]:
    documents = [json.loads(path.read_text("utf-8")) for path in sorted(INSTANCES.glob("*.json"))]
    runs = sum(len(_tasks(document)) for document in documents)
    yield _imported(stage, documents, 1)
    yield _walked(stage, f"trace and impact of every file of {runs:,} runs")
    copies = max(TIMES_THE_WORKLOAD.get(stage.store, 1) * stage.sizes.runs // runs, 1)
    yield _imported(stage, documents, copies)
    yield _walked(stage, f"the same of {SAMPLED_FILES} files of {copies * runs:,} runs", SAMPLED_FILES)


def _imported(stage: Stage, documents: Sequence[Document], copies: int) -> Row:
    """Import the copies one by one; copy 0 are the documents as they are."""
    folder = stage.folder / f"wfformat-{stage.store}"
    folder.mkdir(exist_ok=True)
    pairs = [_both(stage, folder, [copied(one, copy) for one in documents]) for copy in range(copies)]
    pair = Pair([our for one in pairs for our in one.ours], [their for one in pairs for their in one.theirs])
    runs = copies * sum(len(_tasks(document)) for document in documents)
    ours, theirs = sum(pair.ours), sum(pair.theirs)
    return Row(f"import {runs:,} runs", stage.store, as_rate(runs, ours), IN_MEMORY, as_rate(runs, theirs), pair.speed)


def _both(stage: Stage, folder: Path, documents: Sequence[Document]) -> Pair:
    for number, document in enumerate(documents):
        (folder / f"{number}.json").write_text(json.dumps(document), "utf-8")
    ours = partial(import_source, stage.lineage.store, WfFormatLoader(), str(folder))
    return in_turns([(ours, partial(graph_of, folder))])


def _walked(stage: Stage, what: str, most: int | None = None) -> Row:
    graph = graph_of(stage.folder / f"wfformat-{stage.store}")
    names = sorted(node for node, kind in graph.nodes(data="kind") if kind == "file")
    if most is not None:
        names = random.Random(0).sample(names, min(most, len(names)))
    walks = [(walk, name) for name in names for walk in (Walk.TRACE, Walk.IMPACT)]
    found: list[Reached] = []
    expected: list[Reached] = []
    pair = in_turns(
        (partial(_note, found, _ours, stage.lineage, walk, name), partial(_note, expected, _theirs, graph, walk, name))
        for walk, name in walks
    )
    assert found == expected, "a walk differs from that of networkx"
    ours, theirs = median(pair.ours), median(pair.theirs)
    return Row(what, stage.store, as_time(ours), IN_MEMORY, as_time(theirs), pair.speed)


def _note(into: list[Reached], search: Callable[[Any, Walk, str], Reached], where: Any, walk: Walk, name: str) -> None:
    into.append(search(where, walk, name))


def _ours(lineage: Lineage, walk: Walk, name: str) -> Reached:
    answer = lineage.trace(name) if walk is Walk.TRACE else lineage.impact(name)
    return {pointer.name for pointer in answer.pointers()}, len(answer.runs())


def _theirs(graph: Any, walk: Walk, name: str) -> Reached:
    search = networkx.ancestors if walk is Walk.TRACE else networkx.descendants
    reached = {name, *search(graph, name)}
    files = {node for node in reached if graph.nodes[node]["kind"] == "file"}
    return files, len(reached) - len(files)


def graph_of(folder: Path) -> Any:
    """Return every workflow in the folder as its document says it, without any code of the loader."""
    graph = networkx.DiGraph()
    for path in folder.glob("*.json"):
        for task in _tasks(json.loads(path.read_text("utf-8"))):
            graph.add_node(task["id"], kind="task")
            for name in (*task["inputFiles"], *task["outputFiles"]):
                graph.add_node(name, kind="file")
            graph.add_edges_from((name, task["id"]) for name in task["inputFiles"])
            graph.add_edges_from((task["id"], name) for name in task["outputFiles"])
    return graph


def copied(document: Document, copy: int) -> Document:
    """Return the document under names of its own: those of copy 0 are the published ones."""
    if not copy:
        return document
    workflow = document["workflow"]
    tasks = [{**task, **_renamed(task, copy)} for task in _tasks(document)]
    sizes = [{**file, "id": f"{copy}/{file['id']}"} for file in workflow["specification"]["files"]]
    specification = {**workflow["specification"], "tasks": tasks, "files": sizes}
    return {**document, "name": f"{document['name']} {copy}", "workflow": {**workflow, "specification": specification}}


def _renamed(task: Document, copy: int) -> Document:
    return {key: [f"{copy}/{name}" for name in task[key]] for key in ("inputFiles", "outputFiles")}


def _tasks(document: Document) -> list[Document]:
    found: list[Document] = document["workflow"]["specification"]["tasks"]
    return found
