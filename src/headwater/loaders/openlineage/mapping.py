"""What an event means: the facts that it comes to. `event_facts` is all that a receiver of single events needs.

Facets are kept under their own names: those of a job behind `job/`, the inputFacets and outputFacets of a dataset
behind `input/` and `output/`, what the specification does not know behind `event/`. The two parts of a name, which
join to `namespace/name`, stay in the facet `openlineage`.
"""

from __future__ import annotations

from collections.abc import Iterator

from headwater.errors import InvalidFact, TooLarge
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact, Status
from headwater.graph.lineage import columns
from headwater.graph.values import JSON
from headwater.loaders.base import Item, Place
from headwater.loaders.openlineage import facets, quality
from headwater.loaders.openlineage.declared import dataset_facts, job_facts
from headwater.loaders.openlineage.fast import texts
from headwater.loaders.openlineage.keeping import (
    OWN_FACET,
    identity,
    kept,
    kept_of,
    own_facts,
    run_id,
    spared,
)
from headwater.loaders.openlineage.reading import (
    Dataset,
    Event,
    JobEvent,
    Named,
    Object,
    RunEvent,
    malformed,
    read_event,
)

EVENT = Place("event")

_STATUS = {"COMPLETE": Status.COMPLETED, "FAIL": Status.FAILED, "ABORT": Status.ABORTED}
_GONE = ("DROP", "TRUNCATE")


def event_facts(event: object, place: Place = EVENT, position: int | None = None, *, symlinks: bool = True) -> Item:
    """Return what an event comes to. Raises SourceError with the JSON pointer of what is malformed, and why.

    With `symlinks` a dataset is read and written under its other names too. A facet too large to be kept is replaced
    by its size and hash, and told in `Item.opaque`.
    """
    read = read_event(event)
    try:
        return _item(read, place, position, symlinks=symlinks)
    except TooLarge:
        smaller, dropped = spared(read)
        item = _item(smaller, place, position, symlinks=symlinks)
        return Item(item.kind, place, item.facts, (*item.opaque, *dropped), position)


def _item(event: Event, place: Place, position: int | None, *, symlinks: bool) -> Item:
    try:
        if (own := own_facts(event)) is not None:
            return Item(OWN_FACET, place, own, (), position)
        if isinstance(event, RunEvent):
            return Item(event.type, place, tuple(_facts(event, symlinks=symlinks)), _opaque(event), position)
        if isinstance(event, JobEvent):
            return Item("JobEvent", place, job_facts(event), tuple(sorted(event.declared)), position)
        return Item("DatasetEvent", place, dataset_facts(event), (), position)
    except TooLarge:
        raise
    except InvalidFact as exc:
        raise malformed("", f"cannot be kept: {exc}") from exc


def _facts(event: RunEvent, *, symlinks: bool) -> Iterator[Fact]:
    run = run_id(event.run)
    ended = event.type in _STATUS
    outputs = tuple(_outputs(event, symlinks=symlinks))
    yield RunFact(
        run,
        component=str(event.job),
        status=_STATUS.get(event.type, Status.RUNNING),
        started_at=event.time if event.type == "START" else None,
        ended_at=event.time if ended else None,
        inputs=tuple(_inputs(event, symlinks=symlinks)),
        outputs=outputs,
        params=facets.params(event.run_facets),
        triggers=quality.results((*event.inputs, *event.outputs)) | quality.tests(event.run_facets),
        commit=facets.commit(event.job_facets),
        source=facets.source(event.job_facets),
        error=facets.error(event.run_facets),
        at=event.time,
        facets=_run_facets(event, run),
    )
    if said := facets.description(event.job_facets):
        yield ComponentFact(str(event.job), at=event.time, **said)
    # Every RUNNING event of a streaming job would add its labels again, for annotations are all kept.
    if ended or event.type == "START":
        yield from _labels(event, run)


def _run_facets(event: RunEvent, run: str) -> dict[str, JSON]:
    told = {**event.run_facets, **{f"job/{name}": facet for name, facet in event.job_facets.items()}}
    named = identity(event.job, event.others)
    own = named if run == event.run else {**named, "runId": event.run}
    return texts({**told, **kept(event.others), "openlineage": own}, event.write)


def _inputs(event: RunEvent, *, symlinks: bool) -> Iterator[Input]:
    for dataset in event.inputs:
        digest = facets.version_digest(dataset)
        yield Input(str(dataset.named), digest=digest, facets=kept_of(dataset, "input/", event.write))
        for alias in facets.aliases(dataset) if symlinks else ():
            yield Input(str(alias), digest=digest, facets=_alias(alias, dataset))
    for dataset in event.outputs:
        if (before := facets.previous(dataset)) is not None:
            yield Input(str(before), facets={"openlineage": identity(before)})
    listed = {dataset.named for dataset in event.inputs}
    for source in dict.fromkeys(_explicit_sources(event)):
        if source not in listed:
            yield Input(str(source), facets={"openlineage": identity(source)})


def _outputs(event: RunEvent, *, symlinks: bool) -> Iterator[Output]:
    for dataset in event.outputs:
        digest, kind = facets.version_digest(dataset), facets.pointer_type(dataset)
        yield Output(str(dataset.named), digest, kind, kept_of(dataset, "output/", event.write))
        for alias in facets.aliases(dataset) if symlinks else ():
            yield Output(str(alias), digest, kind, _alias(alias, dataset))
    listed = {str(dataset.named) for dataset in event.outputs}
    for name, entry in _entries(event).items():
        if name not in listed:
            yield Output(name, facets={"openlineage": identity(_named(entry))})


def _explicit_sources(event: RunEvent) -> Iterator[Named]:
    """Give the datasets that an explicit lineage facet says data came from, whether or not they are listed."""
    told = [facets.facet(dataset.facets, "lineage") for dataset in event.outputs]
    for facet in (*told, *_entries(event).values()):
        yield from map(_named, columns.explicit_sources(facet))


def _named(entry: columns.Entry) -> Named:
    return Named(entry.get("namespace", ""), entry["name"])


def _entries(event: RunEvent) -> dict[str, columns.Entry]:
    run, job = (columns.entries(facets.facet(of, "lineage")) for of in (event.run_facets, event.job_facets))
    return run | job


def _alias(alias: Named, dataset: Dataset) -> dict[str, JSON]:
    return {"openlineage": {**identity(alias), "symlinkOf": str(dataset.named)}}


def _labels(event: RunEvent, run: str) -> Iterator[Annotation]:
    for key, value in facets.ancestors(event.run_facets).items():
        yield Annotation(run, "label", run_id(value), key, at=event.time)
    yield from _tags(facets.facet(event.run_facets, "tags"), "/run", run, event)
    for dataset in event.outputs:
        state = f"{dataset.named}@{run}"
        yield from _tags(facets.facet(dataset.facets, "tags"), dataset.at, state, event)
        if (change := facets.change(dataset)) in _GONE:
            yield Annotation(state, "label", change, "lifecycle", at=event.time)


def _tags(found: Object | None, pointer: str, target: str, event: RunEvent) -> Iterator[Annotation]:
    for key, value in facets.tags(found, pointer) if found else ():
        yield Annotation(target, "label", value, key, at=event.time)


def _opaque(event: RunEvent) -> tuple[str, ...]:
    """Return the names of the facets that are kept and mean nothing to Headwater."""
    datasets = (*event.inputs, *event.outputs)
    found = {f"run/{name}" for name in event.run_facets.keys() - facets.RUN_FACETS}
    found |= {f"job/{name}" for name in event.job_facets.keys() - facets.JOB_FACETS}
    told = {name for one in datasets for name in (*one.facets, *one.own)}
    found |= {f"dataset/{name}" for name in told - facets.DATASET_FACETS}
    return tuple(sorted(found))
