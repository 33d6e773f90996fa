"""Events without a run: what is declared of a job, and what is said of a dataset. Neither is a flow of data."""

from __future__ import annotations

from headwater.graph.facts import Annotation, ComponentFact, Fact
from headwater.ids import external_id
from headwater.loaders.openlineage import facets
from headwater.loaders.openlineage.fast import itself
from headwater.loaders.openlineage.keeping import identity, kept, kept_of
from headwater.loaders.openlineage.reading import DatasetEvent, JobEvent


def job_facts(event: JobEvent) -> tuple[Fact, ...]:
    """Return what is said of the component; the inputs and outputs that the job will have are facets of it."""
    declared = {f"openlineage/{key}": datasets for key, datasets in event.declared.items()}
    told = {**event.job_facets, **declared, **kept(event.others), "openlineage": identity(event.job, event.others)}
    return (ComponentFact(str(event.job), at=event.time, facets=told, **facets.description(event.job_facets)),)


def dataset_facts(event: DatasetEvent) -> tuple[Fact, ...]:
    """Return a note on the state of the dataset that no run made; a version names the state of that version."""
    state = external_id(str(event.dataset.named), facets.version_digest(event.dataset))
    told = {**kept_of(event.dataset, "", itself), **kept(event.others)}
    told["openlineage"] = identity(event.dataset.named, event.others)
    return (Annotation(state, "note", told, "openlineage", at=event.time),)
