"""Executions of scientific workflows in WfFormat 1.5, as WfCommons publishes them: tasks are runs, files are pointers.

The format says which task wrote a file and which one read it, so states are bound by that; no clock decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, uuid5

from headwater import clock, ids
from headwater.errors import SourceError
from headwater.graph.facts import ComponentFact, Input, Output, RunFact, Status
from headwater.loaders.base import Found, Item, Place, Problem, attempt
from headwater.loaders.documents import Object, as_list, as_object, documents, objects, read_json
from headwater.loaders.files import files, fingerprint, total_bytes
from headwater.loaders.wfformat.tasks import Task, earliest_starts, read_task, read_time, runtime

SUFFIXES = (".json",)
_NAMESPACE = uuid5(NAMESPACE_URL, "https://wfcommons.org")
_TASKS = "workflow.specification.tasks"
_PARTS = frozenset({"specification", "execution"})
_MAPPED = frozenset(
    {"id", "name", "parents", "children", "inputFiles", "outputFiles", "executedAt", "runtimeInSeconds"}
)
_COMMAND = frozenset({"program", "arguments"})


@dataclass(frozen=True, slots=True)
class WfFormatLoader:
    """Reads one instance, or every instance in a folder; one instance at a time is in memory."""

    kind: ClassVar[str] = "wfformat"

    def read(self, source: str) -> Iterator[Found]:
        """Give the workflow and each of its tasks. Raises SourceError when a single file is no instance."""
        for found in documents(source, SUFFIXES, _parse):
            if isinstance(found, Problem):
                yield found
            else:
                yield from _Instance(found.file, *found.content).records(found.position)

    def total(self, source: str) -> int:
        """Return the size of the files in bytes."""
        return total_bytes(files(source, SUFFIXES))

    def fingerprint(self, source: str) -> str:
        """Return a text that changes when a file does."""
        return fingerprint(files(source, SUFFIXES))


def _parse(path: Path) -> tuple[Object, Object, Object]:
    """Return the document, its specification and its execution."""
    document = read_json(path)
    workflow = as_object(document.get("workflow"), f"{path}: workflow")
    if "specification" not in workflow:
        version = document.get("schemaVersion")
        raise SourceError(f"{path} has no workflow.specification: it says schema {version!r}, WfFormat 1.5 is read")
    specification = as_object(workflow["specification"], f"{path}: workflow.specification")
    as_list(specification.get("tasks"), f"{path}: {_TASKS}")
    return document, specification, as_object(workflow.get("execution") or {}, f"{path}: workflow.execution")


@dataclass(slots=True)
class _Instance:
    """One document, and what its tasks need to know of each other."""

    file: str
    document: Object
    specification: Object
    execution: Object
    tasks: dict[str, Task] = field(default_factory=dict)
    makers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    starts: Mapping[str, datetime] = field(default_factory=dict)
    at: datetime = clock.EPOCH

    @property
    def name(self) -> str:
        return str(self.document.get("name") or Path(self.file).stem)

    def records(self, position: int) -> Iterator[Found]:
        """Give the workflow, then its tasks in the order of the document."""
        problems = [*self._read_times(), *self._read_tasks()]
        self.starts = earliest_starts(self.tasks.values(), self.makers, self.at)
        place = Place(self.file, path="workflow")
        yield attempt(place, lambda: Item("workflow", place, (self._about(),), ("workflow",), position), position)
        yield from problems
        sizes = {file["id"]: file for file in self._kept_files()}
        for task in self.tasks.values():
            yield from self._doubts(task)
            where = Place(self.file, path=task.place)
            yield attempt(where, lambda t=task, w=where: self._item(t, w, sizes, position), position)  # type: ignore[misc]

    def _read_times(self) -> Iterator[Problem]:
        place = Place(self.file, path="workflow.execution.executedAt")
        said = self.execution.get("executedAt") or self.document.get("createdAt")
        try:
            self.at, has_zone = read_time(said)
        except SourceError as exc:
            yield Problem(place, f"{exc}; its runs begin at {clock.EPOCH:%Y-%m-%d}", "warning")
            return
        if not has_zone:
            yield Problem(place, f"the time {said!r} has no zone and is read as UTC", "warning")

    def _read_tasks(self) -> Iterator[Problem]:
        """Fill `tasks` and `makers`; give what is no task."""
        executed = {task.get("id"): task for task in objects(self.execution.get("tasks"))}
        for index, given in enumerate(as_list(self.specification.get("tasks"), _TASKS)):
            place = f"{_TASKS}[{index}]"
            try:
                task = read_task(given, place, executed)
            except SourceError as exc:
                yield Problem(Place(self.file, path=place), str(exc))
                continue
            if task.id in self.tasks:
                yield Problem(Place(self.file, path=place), f"a second task has the id {task.id!r}")
                continue
            self.tasks[task.id] = task
            for name in task.writes:
                self.makers[name].append(task.id)

    def _about(self) -> ComponentFact:
        known = {key: value for key, value in self.document.items() if key not in ("workflow", "name", "description")}
        workflow = {key: value for key, value in self.document["workflow"].items() if key not in _PARTS}
        execution = {key: value for key, value in self.execution.items() if key != "tasks"}
        described = self.document.get("description")
        text = described if isinstance(described, str) else None
        return ComponentFact(self.name, text, at=self.at, facets={**known, **workflow, **execution})

    def _kept_files(self) -> Iterator[Object]:
        return (file for file in objects(self.specification.get("files")) if isinstance(file.get("id"), str))

    def _item(self, task: Task, place: Place, sizes: Mapping[str, Object], position: int) -> Item:
        fact = self._fact(task, sizes)
        opaque = sorted({*fact.facets, *(key for part in fact.outputs for key in part.facets)})
        return Item("task", place, (fact,), tuple(opaque), position)

    def _fact(self, task: Task, sizes: Mapping[str, Object]) -> RunFact:
        if task.executed is None:
            raise SourceError(f"task {task.id!r} is specified but was not executed")
        start, took = self.starts[task.id], runtime(task)
        return RunFact(
            self._run_id(task.id),
            task.component,
            Status.COMPLETED,
            start,
            None if took is None else start + took,
            tuple(claim for name in task.reads for claim in self._claims(task, name, sizes)),
            tuple(Output(name, facets=_without_id(sizes.get(name, {}))) for name in task.writes),
            _command(task.executed),
            at=self.at,
            facets=self._facets(task),
        )

    def _run_id(self, task: str) -> str:
        executed = str(self.execution.get("executedAt") or self.document.get("createdAt") or "")
        return str(uuid5(_NAMESPACE, "\n".join([self.name, executed, task])))

    def _claims(self, task: Task, name: str, sizes: Mapping[str, Object]) -> Iterator[Input]:
        """The states that may have been read: the maker's, the external one where no task made the file."""
        makers = self._makers(task, name)
        for maker in makers:
            yield Input(name, state=ids.state_id(name, self._run_id(maker)))
        if not makers:
            yield Input(name, state=ids.external_id(name), facets=_without_id(sizes.get(name, {})))

    def _makers(self, task: Task, name: str) -> Sequence[str]:
        makers = [maker for maker in self.makers.get(name, ()) if maker != task.id]
        return [maker for maker in makers if maker in task.parents] or makers

    def _facets(self, task: Task) -> dict[str, Any]:
        given = {**task.specified, **(task.executed or {})}
        mapped = _MAPPED | ({"command"} if _command(given) else set())
        kept = {key: value for key, value in given.items() if key not in mapped}
        alone = sorted(task.parents - {maker for name in task.reads for maker in self.makers.get(name, ())})
        start = {} if "executedAt" in given else {"startedAt": "the earliest that the parents allow"}
        return {**kept, **start, **({"parents": alone} if alone else {}), "task": task.id, "workflow": self.name}

    def _doubts(self, task: Task) -> Iterator[Problem]:
        """Where the document contradicts itself about what the task follows."""
        for reason in (*self._contradictions(task), *self._unclear(task)):
            yield Problem(Place(self.file, path=task.place), f"task {task.id!r}: {reason}", "warning")

    def _contradictions(self, task: Task) -> Iterator[str]:
        for parent in sorted(task.parents):
            if parent not in self.tasks:
                yield f"its parent {parent!r} is no task"
            elif task.id not in self.tasks[parent].children:
                yield f"its parent {parent!r} does not name it as a child"
        for child in sorted(task.children):
            if child not in self.tasks:
                yield f"its child {child!r} is no task"
            elif task.id not in self.tasks[child].parents:
                yield f"its child {child!r} does not name it as a parent"

    def _unclear(self, task: Task) -> Iterator[str]:
        read = {name: self._makers(task, name) for name in task.reads}
        for name, makers in read.items():
            if len(makers) > 1:
                yield f"it may have read {name!r} of any of {', '.join(map(repr, makers))}"
            if unnamed := sorted(set(makers) - task.parents):
                yield f"it reads {name!r} of {unnamed[0]!r}, which is not among its parents"
        known = {maker for name in read for maker in self.makers.get(name, ())}
        for parent in sorted((task.parents & self.tasks.keys()) - known):
            yield f"it reads no file of its parent {parent!r}: kept as a facet, no data flows"


def _without_id(file: Object) -> dict[str, Any]:
    return {key: value for key, value in file.items() if key != "id"}


def _command(task: Object) -> Mapping[str, Any]:
    """Return the program and arguments of a task; nothing where its command holds anything else."""
    found = task.get("command")
    return found if isinstance(found, dict) and found.keys() <= _COMMAND else {}
