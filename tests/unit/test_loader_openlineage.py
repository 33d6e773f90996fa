from __future__ import annotations

from datetime import UTC, datetime

import pytest

from headwater.errors import SourceError
from headwater.graph.facts import Annotation, ComponentFact, FacetKey, Fact, RunFact, Status, TriggerResult
from headwater.graph.model import Graph, reference
from headwater.loaders.openlineage import event_facts
from headwater.testing.rules import at
from tests.support.openlineage import Event, dataset, facts_of, run_event, time_text, version

RUN = "019127de-fd25-7707-bfa4-3ec02693a531"
READER = "019127df-00a2-743c-b714-df7e6dcadb2b"


def graph_of(*events: Event) -> Graph:
    return reference(facts_of(events))


def edges(graph: Graph) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in graph.edges}


def only_run(*events: Event) -> RunFact:
    (found,) = [fact for fact in facts_of(events) if isinstance(fact, RunFact)]
    return found


def test_all_events_of_a_run_are_one_run() -> None:
    graph = graph_of(
        run_event("START", RUN, 1, inputs=[dataset("a")]),
        run_event("RUNNING", RUN, 2, inputs=[dataset("b")]),
        run_event("OTHER", RUN, 9),
        run_event("COMPLETE", RUN, 5, outputs=[dataset("c")]),
    )
    run = graph.runs[RUN]
    assert (run.component, run.status, run.started_at, run.ended_at) == ("etl/load", Status.COMPLETED, at(1), at(5))
    assert edges(graph) == {("db/a@external", RUN), ("db/b@external", RUN), (RUN, f"db/c@{RUN}")}


@pytest.mark.parametrize(
    ("kind", "status"),
    [("COMPLETE", Status.COMPLETED), ("FAIL", Status.FAILED), ("ABORT", Status.ABORTED), ("OTHER", Status.RUNNING)],
)
def test_the_last_event_says_what_became_of_a_run(kind: str, status: Status) -> None:
    assert graph_of(run_event("START", RUN, 1), run_event(kind, RUN, 2)).runs[RUN].status is status


def test_only_a_start_claims_when_a_run_began() -> None:
    assert only_run(run_event("COMPLETE", RUN, 5)).started_at is None
    assert graph_of(run_event("RUNNING", RUN, 3), run_event("COMPLETE", RUN, 5)).runs[RUN].started_at == at(3)


def test_the_nominal_time_is_kept_and_is_no_start() -> None:
    nominal = {"nominalStartTime": time_text(0)}
    graph = graph_of(run_event("START", RUN, 7, run_facets={"nominalTime": nominal}))
    assert graph.runs[RUN].started_at == at(7)
    assert graph.facets[FacetKey("run", RUN, "", "nominalTime")] == nominal


def test_both_parts_of_every_name_stay() -> None:
    event = run_event("START", RUN, 1, inputs=[dataset("a")], outputs=[dataset("c")])
    graph = graph_of(event | {"schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"})
    sent = {
        "producer": event["producer"],
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }
    assert graph.facets[FacetKey("run", RUN, "", "openlineage")] == {"namespace": "etl", "name": "load", **sent}
    assert graph.facets[FacetKey("input", RUN, "db/a", "openlineage")] == {"namespace": "db", "name": "a"}
    assert graph.facets[FacetKey("output", RUN, "db/c", "openlineage")] == {"namespace": "db", "name": "c"}


def test_a_version_says_which_state_was_read_whatever_the_clocks_say() -> None:
    graph = graph_of(
        run_event("COMPLETE", "w1", 1, outputs=[dataset("t", version=version("1"))]),
        run_event("COMPLETE", "w2", 2, outputs=[dataset("t", version=version("2"))]),
        run_event("START", READER, 9, inputs=[dataset("t", version=version("1"))]),
        run_event("START", "r2", 9, inputs=[dataset("t", version=version("7@main"))]),
        run_event("START", "r3", 9, inputs=[dataset("t")]),
    )
    assert edges(graph) >= {("db/t@w1", READER), ("db/t@external:version:7%40main", "r2"), ("db/t@w2", "r3")}


def test_a_version_too_long_for_an_id_is_hashed() -> None:
    (read,) = only_run(run_event("START", RUN, 1, inputs=[dataset("t", version=version("é" * 400))])).inputs
    assert read.digest is not None
    assert read.digest.startswith("version:sha256:")


def test_a_later_facet_replaces_the_earlier_of_its_name() -> None:
    early: Event = {"schema": {"fields": []}}
    late: Event = {"schema": {"fields": [{"name": "x"}]}}
    events = [
        run_event("COMPLETE", RUN, 5, outputs=[dataset("t", **late)]),
        run_event("START", RUN, 1, outputs=[dataset("t", **early, documentation={"description": "d"})]),
    ]
    facets = graph_of(*events).facets
    assert facets[FacetKey("output", RUN, "db/t", "schema")] == late["schema"]
    assert facets[FacetKey("output", RUN, "db/t", "documentation")] == {"description": "d"}


def test_facets_are_kept_under_the_part_of_the_event_that_they_stood_in() -> None:
    read = dataset("a") | {"inputFacets": {"inputStatistics": {"rowCount": 3}}}
    wrote = dataset("c") | {"outputFacets": {"outputStatistics": {"rowCount": 2}}, "odd": 1}
    event = run_event("START", RUN, 1, inputs=[read], outputs=[wrote], job_facets={"sql": {"query": "q"}})
    facets = graph_of(event | {"extra": [1, None]}).facets
    assert facets[FacetKey("input", RUN, "db/a", "input/inputStatistics")] == {"rowCount": 3}
    assert facets[FacetKey("output", RUN, "db/c", "output/outputStatistics")] == {"rowCount": 2}
    assert facets[FacetKey("output", RUN, "db/c", "event/odd")] == 1
    assert facets[FacetKey("run", RUN, "", "job/sql")] == {"query": "q"}
    assert facets[FacetKey("run", RUN, "", "event/extra")] == [1, None]


def test_what_means_nothing_to_headwater_is_told() -> None:
    event = run_event(
        "START", RUN, 1, inputs=[dataset("a", schema={}, version=version("1"))], run_facets={"my_facet": {}}
    )
    assert event_facts(event).opaque == ("dataset/schema", "run/my_facet")


def test_assertions_are_test_results_of_the_dataset_and_column() -> None:
    told: list[Event] = [
        {"assertion": "not_null", "success": True, "column": "id"},
        {"assertion": "row_count", "success": False, "name": "enough", "description": "at least 9", "actual": "3"},
        {"assertion": "in_range", "success": True, "column": "x", "params": {"max": 1}},
        {"assertion": "in_range", "success": False, "column": "x", "params": {"max": 2}},
    ]
    read = dataset("t") | {"inputFacets": {"dataQualityAssertions": {"assertions": told}}}
    found = only_run(run_event("START", RUN, 1, inputs=[read])).triggers
    assert {key: result.outcome for key, result in found.items()} == {
        "not_null(db/t.id)": "passed",
        "enough(db/t)": "failed",
        "in_range(db/t.x)": "passed",
        "in_range(db/t.x)#2": "failed",
    }
    assert found["enough(db/t)"] == TriggerResult("failed", "at least 9", told[1])


def test_measurements_are_results_that_hold_figures() -> None:
    told = {"_producer": "p", "rowCount": 7, "columnMetrics": {"id": {"nullCount": 0}}}
    found = only_run(run_event("START", RUN, 1, inputs=[dataset("t", dataQualityMetrics=told)])).triggers
    assert found == {
        "metrics(db/t)": TriggerResult("passed", value={"rowCount": 7}),
        "metrics(db/t.id)": TriggerResult("passed", value={"nullCount": 0}),
    }


def test_tests_of_a_run_are_its_results_and_a_skipped_one_has_none() -> None:
    told = [{"name": n, "status": s} for n, s in (("a", "pass"), ("b", "fail"), ("c", "skip"))]
    found = only_run(run_event("COMPLETE", RUN, 1, run_facets={"test": {"tests": told}})).triggers
    assert {key: result.outcome for key, result in found.items()} == {"a": "passed", "b": "failed"}


def test_facets_of_run_and_job_fill_the_fields_of_a_run() -> None:
    run = {
        "errorMessage": {"message": "no such table", "programmingLanguage": "SQL"},
        "executionParameters": {"parameters": [{"key": "limit", "value": "3"}, {"key": "dry"}]},
        "processing_engine": {"name": "spark", "version": "3.5.1"},
    }
    job = {
        "sourceCodeLocation": {"type": "git", "url": "https://example.com/x", "version": "693e35"},
        "sourceCode": {"language": "SQL", "sourceCode": "select 1"},
    }
    found = only_run(run_event("FAIL", RUN, 1, run_facets=run, job_facets=job))
    assert (found.error, found.commit) == ("no such table", "693e35")
    assert found.source == "sha256:822ae07d4783158bc1912bb623e5107cc9002d519e1143a9c200ed6ee18b6d0f"
    assert found.params == {"limit": "3", "dry": None, "processing_engine": "spark 3.5.1"}


def test_documentation_owners_and_tags_of_a_job_describe_its_component() -> None:
    job = {
        "documentation": {"description": "Loads menus."},
        "ownership": {"owners": [{"name": "team:data"}, {"name": "user:ann", "type": "MAINTAINER"}]},
        "tags": {"tags": [{"key": "pii", "value": "true"}, {"key": "tier", "value": "1", "source": "USER"}]},
    }
    found = [f for f in facts_of([run_event("START", RUN, 1, job_facets=job)]) if isinstance(f, ComponentFact)]
    tags, owner = ("pii", "tier:1"), "team:data, user:ann"
    assert found == [ComponentFact("etl/load", description="Loads menus.", owner=owner, tags=tags, at=at(1))]


def test_parent_and_root_are_labels_and_no_flow_of_data() -> None:
    job = {"namespace": "etl", "name": "dag"}
    parent = {"run": {"runId": READER.upper()}, "job": job, "root": {"run": {"runId": "root"}, "job": job}}
    graph = graph_of(run_event("START", RUN, 1, run_facets={"parent": parent}))
    assert graph.runs.keys() == {RUN}
    assert graph.runs[RUN].labels == {"parent": READER, "root": "root"}
    assert graph.facets[FacetKey("run", RUN, "", "parent")] == parent


def test_labels_do_not_grow_with_the_events_of_a_streaming_job() -> None:
    facets = {"parent": {"run": {"runId": "p"}, "job": {"namespace": "a", "name": "b"}}}
    found = facts_of([run_event("RUNNING", RUN, n, run_facets=facets) for n in range(5)])
    assert not [fact for fact in found if isinstance(fact, Annotation)]


def test_tags_of_runs_and_outputs_are_labels() -> None:
    tags = {"tags": [{"key": "env", "value": "prod"}, {"key": "pii", "value": "true", "field": "email"}]}
    graph = graph_of(run_event("COMPLETE", RUN, 1, run_facets={"tags": tags}, outputs=[dataset("t", tags=tags)]))
    assert (graph.runs[RUN].labels, graph.pointers[f"db/t@{RUN}"].labels) == ({"env": "prod"}, {"env": "prod"})


def test_job_dependencies_are_no_flow_of_data() -> None:
    upstream = [{"job": {"namespace": "etl", "name": "x"}, "run": {"runId": READER}}]
    graph = graph_of(run_event("START", RUN, 1, run_facets={"jobDependencies": {"upstream": upstream}}))
    assert graph.runs.keys() == {RUN}
    assert not graph.pointers


def test_a_model_says_so() -> None:
    graph = graph_of(run_event("COMPLETE", RUN, 1, outputs=[dataset("churn", datasetType={"datasetType": "MODEL"})]))
    assert graph.pointers[f"db/churn@{RUN}"].type == "model"


def test_a_renamed_dataset_derives_from_the_one_before() -> None:
    change = {"lifecycleStateChange": "RENAME", "previousIdentifier": {"namespace": "db", "name": "old"}}
    graph = graph_of(
        run_event("COMPLETE", "w", 1, outputs=[dataset("old")]),
        run_event("COMPLETE", RUN, 2, outputs=[dataset("new", lifecycleStateChange=change)]),
    )
    assert edges(graph) == {("w", "db/old@w"), ("db/old@w", RUN), (RUN, f"db/new@{RUN}")}


def test_an_altered_dataset_derives_from_itself_and_an_overwritten_one_does_not() -> None:
    def reads(change: str) -> bool:
        event = run_event(
            "COMPLETE", RUN, 2, outputs=[dataset("t", lifecycleStateChange={"lifecycleStateChange": change})]
        )
        return bool(only_run(event).inputs)

    assert [reads(change) for change in ("ALTER", "OVERWRITE", "CREATE", "DROP", "TRUNCATE")] == [True, *[False] * 4]


def test_a_dropped_dataset_is_labelled() -> None:
    drop = {"lifecycleStateChange": "DROP"}
    graph = graph_of(run_event("COMPLETE", RUN, 1, outputs=[dataset("t", lifecycleStateChange=drop)]))
    assert graph.pointers[f"db/t@{RUN}"].labels == {"lifecycle": "DROP"}


def test_symlinks_connect_tools_that_know_a_dataset_by_different_names() -> None:
    links = {"identifiers": [{"namespace": "hive", "name": "shop.t", "type": "TABLE"}]}
    wrote = run_event("COMPLETE", "w", 1, outputs=[dataset("/files/t", symlinks=links)])
    read = run_event("START", READER, 2, inputs=[{"namespace": "hive", "name": "shop.t"}])
    assert ("hive/shop.t@w", READER) in edges(graph_of(wrote, read))
    facts = [*event_facts(wrote, symlinks=False).facts, *event_facts(read).facts]
    assert ("hive/shop.t@external", READER) in edges(reference(facts))


def test_explicit_lineage_names_what_was_read_and_written() -> None:
    source = {"namespace": "db", "name": "a", "type": "DATASET"}
    entry = {"namespace": "db", "name": "c", "type": "DATASET", "inputs": [source]}
    by_job = run_event("COMPLETE", RUN, 1, job_facets={"lineage": {"entries": [entry]}})
    by_dataset = run_event("COMPLETE", RUN, 1, outputs=[dataset("c", lineage={"inputs": [source]})])
    expected = {("db/a@external", RUN), (RUN, f"db/c@{RUN}")}
    assert edges(graph_of(by_job)) == edges(graph_of(by_dataset)) == expected


def test_a_job_event_describes_a_component_and_makes_no_run() -> None:
    event = {
        "eventTime": time_text(3),
        "job": {"namespace": "etl", "name": "load", "facets": {"documentation": {"description": "d"}}},
        "inputs": [dataset("a")],
        "outputs": [dataset("c")],
    }
    (fact,) = event_facts(event).facts
    assert isinstance(fact, ComponentFact)
    assert (fact.name, fact.description, fact.at) == ("etl/load", "d", at(3))
    assert fact.facets == {
        "documentation": {"description": "d"},
        "openlineage": {"namespace": "etl", "name": "load"},
        "openlineage/inputs": [dataset("a")],
        "openlineage/outputs": [dataset("c")],
    }


def test_a_dataset_event_is_a_note_on_the_dataset_and_makes_no_run() -> None:
    event = {"eventTime": time_text(3), "dataset": dataset("t", schema={"fields": []})}
    told: Event = {"openlineage": {"namespace": "db", "name": "t"}, "schema": {"fields": []}}
    assert event_facts(event).facts == (Annotation("db/t@external", "note", told, "openlineage", at=at(3)),)
    read = run_event("START", READER, 1, inputs=[dataset("t")])
    assert {target for target, _ in graph_of(event, read).annotations} == {"db/t@external"}


def test_a_deleted_facet_says_nothing() -> None:
    gone = {**version("1"), "_deleted": True}
    assert only_run(run_event("START", RUN, 1, inputs=[dataset("t", version=gone)])).inputs[0].digest is None


@pytest.mark.parametrize(
    ("told", "time"),
    [
        ("2026-01-01T00:00:05", at(5)),
        ("2026-01-01T00:00:05.123456789Z", at(5.123456)),
        ("2026-01-01t01:00:05+01:00", at(5)),
        ("2026-01-01T01:00:05+01:00[Europe/Paris]", at(5)),
        ("2026-01-01 00:00:05z", at(5)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_producers_write_them(told: str, time: datetime) -> None:
    assert only_run(run_event("START", RUN, 0) | {"eventTime": told}).at == time


def test_nulls_are_nothing() -> None:
    event = run_event("START", RUN, 1) | {"inputs": None, "outputs": None, "eventType": None, "schemaURL": None}
    event["run"]["facets"] = {"parent": None, "tags": None}
    event["job"]["facets"] = None
    assert only_run(event).facets == {
        "openlineage": {"namespace": "etl", "name": "load", "producer": "https://example.com/tests"}
    }


def test_names_may_hold_any_sign() -> None:
    graph = graph_of(run_event("COMPLETE", RUN, 1, outputs=[dataset("日本/💧 @x\n")], job="job@ü"))
    assert graph.runs[RUN].component == "etl/job@ü"
    assert f"db/日本/💧 @x\n@{RUN}" in graph.pointers


def test_a_uuid_is_known_in_lower_case_and_another_id_as_it_is() -> None:
    assert only_run(run_event("START", RUN.upper(), 1)).id == RUN
    assert only_run(run_event("START", "run_id", 1)).id == "run_id"


@pytest.mark.parametrize("given", ["a@b", "external:1", "x" * 600, "a\0b"])
def test_an_id_that_no_run_may_have_is_hashed_and_kept_beside(given: str) -> None:
    first, second = (only_run(run_event(kind, given, 1)) for kind in ("START", "COMPLETE"))
    assert first.id == second.id != given
    assert first.facets["openlineage"]["runId"] == given  # type: ignore[index,call-overload]


def test_a_facet_too_large_to_keep_costs_only_itself() -> None:
    plan = {"_producer": "spark", "plan": ["x" * (2 << 20)]}
    item = event_facts(run_event("START", RUN, 1, inputs=[dataset("a")], run_facets={"plan": plan}))
    fact = item.facts[0]
    assert isinstance(fact, RunFact)
    assert [read.name for read in fact.inputs] == ["db/a"]
    assert fact.facets["plan"]["_producer"] == "spark"  # type: ignore[index,call-overload]
    assert "too large: run/plan" in item.opaque


def changed(path: str, value: object) -> Event:
    """Return a sound event with one place changed, or taken out for `...`."""
    event = run_event("START", RUN, 1, inputs=[dataset("a", version=version("1"))], run_facets={"parent": {}})
    event["run"]["facets"]["parent"] = {"run": {"runId": "p"}, "job": {"namespace": "n", "name": "m"}}
    *way, last = path.strip("/").split("/")
    place: object = event
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place[key]  # type: ignore[index]
    assert isinstance(place, dict)
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return event


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("/eventTime", ..., "/eventTime is missing"),
        ("/eventTime", 5, "/eventTime is 5, not text"),
        ("/eventTime", "2026-01-01", "/eventTime is '2026-01-01', not a date and time of RFC 3339"),
        ("/eventTime", "0001-01-01T00:00:00+05:00", "not a date and time"),
        ("/eventType", ["START"], "/eventType is list, none of START, RUNNING, COMPLETE, ABORT, FAIL, OTHER"),
        ("/eventType", "DONE", "/eventType is 'DONE', none of START, RUNNING, COMPLETE, ABORT, FAIL, OTHER"),
        ("/run", ..., "/run is missing"),
        ("/run", [], "/run is list, not an object"),
        ("/run/runId", ..., "/run/runId is missing"),
        ("/run/runId", "", "/run/runId is empty"),
        ("/run/facets", "x", "/run/facets is 'x', not an object"),
        ("/run/facets/a~b", 1, "/run/facets/a~0b is 1, not an object"),
        ("/run/facets/parent/run", {}, "/run/facets/parent/run/runId is missing"),
        ("/job", ..., "/job is missing"),
        ("/job/name", "", "/job/name is empty"),
        ("/job/namespace", None, "/job/namespace is missing"),
        ("/inputs", {}, "/inputs is dict, not a list"),
        ("/inputs/0/name", 5, "/inputs/0/name is 5, not text"),
        ("/inputs/0/facets/version/datasetVersion", 3, "/inputs/0/facets/version/datasetVersion is 3, not text"),
        ("/outputs", [None], "/outputs/0 is missing"),
        ("/producer", 1, "/producer is 1, not text"),
        ("/job/name", "x\0", "cannot be kept: component 'etl/x\\x00' holds a NUL character"),
        ("/job/name", "\ud800", "cannot be kept"),
        ("/inputs/0/name", "x" * 5000, "cannot be kept"),
    ],
)
def test_a_malformed_event_is_refused_with_its_place_and_reason(path: str, value: object, reason: str) -> None:
    with pytest.raises(SourceError) as refused:
        event_facts(changed(path, value))
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("event", "reason"), [([], "is list"), ("x", "is 'x'"), ({}, "has none of run, job and dataset")]
)
def test_what_is_no_event_is_refused(event: object, reason: str) -> None:
    with pytest.raises(SourceError, match=f"the event {reason}"):
        event_facts(event)


def test_facts_carry_the_time_of_their_event_alone() -> None:
    found: list[Fact] = facts_of([run_event("COMPLETE", RUN, 4, job_facets={"documentation": {"description": "d"}})])
    assert {fact.at for fact in found} == {at(4)}
