"""Events made by the official client: whatever it can say is understood or kept, and the documentation names it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from openlineage.client import event_v2 as ol
from openlineage.client import facet_v2 as facet
from openlineage.client import generated
from openlineage.client.serde import Serde

from headwater.graph.facts import Annotation, ComponentFact, FacetKey, RunFact, Status
from headwater.graph.model import Graph, reference
from headwater.loaders.openlineage import event_facts
from headwater.testing.rules import at

RUN, PARENT = "019127de-fd25-7707-bfa4-3ec02693a531", "019127df-00a2-743c-b714-df7e6dcadb2b"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "openlineage.md"
# Modules of the client whose name is not the name of the facet.
NAMED_OTHERWISE = {
    "base_subset_dataset": "subset",
    "dataset_version_dataset": "version",
    "datasource_dataset": "dataSource",
    "processing_engine_run": "processing_engine",
}


def graph_of(*events: ol.RunEvent | ol.JobEvent | ol.DatasetEvent) -> Graph:
    return reference([fact for event in events for fact in event_facts(json.loads(Serde.to_json(event))).facts])


def started() -> ol.RunEvent:
    parent = facet.parent_run.ParentRunFacet(
        facet.parent_run.Run(PARENT),
        facet.parent_run.Job("etl", "dag"),
        facet.parent_run.Root(facet.parent_run.RootRun(PARENT), facet.parent_run.RootJob("etl", "dag")),
    )
    source = facet.source_code_location_job.SourceCodeLocationJobFacet("git", "https://example.com/x", version="693e35")
    version = facet.dataset_version_dataset.DatasetVersionDatasetFacet("7")
    assertion = facet.data_quality_assertions_dataset.Assertion("not_null", success=False, column="id")
    quality = facet.data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet([assertion])
    return ol.RunEvent(
        eventType=ol.RunState.START,
        eventTime="2026-01-01T00:00:05.5+00:00",
        run=ol.Run(RUN, {"parent": parent}),
        job=ol.Job("etl", "load", {"sourceCodeLocation": source}),
        inputs=[
            ol.InputDataset("db", "a", facets={"version": version}, inputFacets={"dataQualityAssertions": quality})
        ],
    )


def failed() -> ol.RunEvent:
    message = facet.error_message_run.ErrorMessageRunFacet("no such table", "SQL")
    fields = {"x": facet.column_lineage_dataset.Fields([facet.column_lineage_dataset.InputField("db", "a", "u")])}
    lineage = facet.column_lineage_dataset.ColumnLineageDatasetFacet(fields)
    figures = facet.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=3)
    return ol.RunEvent(
        eventType=ol.RunState.FAIL,
        eventTime="2026-01-01T00:00:09Z",
        run=ol.Run(RUN, {"errorMessage": message}),
        job=ol.Job("etl", "load"),
        outputs=[
            ol.OutputDataset("db", "c", facets={"columnLineage": lineage}, outputFacets={"outputStatistics": figures})
        ],
    )


def test_a_run_is_understood() -> None:
    graph = graph_of(failed(), started())
    run = graph.runs[RUN]
    assert (run.component, run.status, run.started_at, run.ended_at) == ("etl/load", Status.FAILED, at(5.5), at(9))
    assert (run.commit, run.error, run.labels) == ("693e35", "no such table", {"parent": PARENT, "root": PARENT})
    assert run.triggers["not_null(db/a.id)"]["outcome"] == "failed"
    assert {(edge.source, edge.target) for edge in graph.edges} == {
        ("db/a@external:version:7", RUN),
        (RUN, f"db/c@{RUN}"),
    }
    figures = graph.facets[FacetKey("output", RUN, "db/c", "output/outputStatistics")]
    assert isinstance(figures, dict)
    assert figures["rowCount"] == 3


def test_jobs_and_datasets_without_a_run_are_understood() -> None:
    job = ol.Job("etl", "load", {"documentation": facet.documentation_job.DocumentationJobFacet("Loads.")})
    about_job = ol.JobEvent(eventTime="2026-01-01T00:00:01Z", job=job, inputs=[ol.InputDataset("db", "a")])
    about_dataset = ol.DatasetEvent(eventTime="2026-01-01T00:00:01Z", dataset=ol.StaticDataset("db", "a"))
    (component,), (note,) = (event_facts(json.loads(Serde.to_json(e))).facts for e in (about_job, about_dataset))
    assert isinstance(component, ComponentFact)
    assert (component.name, component.description) == ("etl/load", "Loads.")
    assert isinstance(note, Annotation)
    assert note.target == "db/a@external"


def test_each_type_of_event_is_one_of_ours() -> None:
    for state in ol.RunState:
        event = json.loads(Serde.to_json(started())) | {"eventType": state.value}
        (fact, *_) = event_facts(event).facts
        assert isinstance(fact, RunFact)


def test_every_facet_of_the_client_stands_in_the_documentation() -> None:
    found = {path.stem for path in Path(generated.__path__[0]).glob("*.py")} - {"__init__", "base"}
    rows = set(re.findall(r"^\| `(\w+)`", PAGE.read_text("utf-8"), re.MULTILINE))
    assert {_facet_name(module) for module in found} - rows == set()


def _facet_name(module: str) -> str:
    """Return the name of the facet that a module of the client is about: `sql_job` is `sql`."""
    if module in NAMED_OTHERWISE:
        return NAMED_OTHERWISE[module]
    first, *others = re.sub(r"(_input|_output)?_(dataset|job|run)$", "", module).split("_")
    return first + "".join(word.title() for word in others)
