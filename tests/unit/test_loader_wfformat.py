"""WfFormat documents as facts: what a task becomes, what its files bind to, and what is doubted or refused."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headwater.errors import BadRecord, SourceError
from headwater.graph.facts import ComponentFact, RunFact, Status
from headwater.loaders.base import Item, Problem
from headwater.loaders.importing import import_source
from headwater.loaders.wfformat import WfFormatLoader
from headwater.testing.oracle import expected_digest

BEGUN = datetime(2023, 5, 10, 16, 23, 32, tzinfo=UTC)


def task(ident: str, reads: str = "", writes: str = "", **more: Any) -> dict[str, Any]:
    files = {"inputFiles": reads.split(), "outputFiles": writes.split()}
    return {"id": ident, "name": ident, "parents": [], "children": [], **files, **more}


def executed(ident: str, seconds: object = 1.5, **more: Any) -> dict[str, Any]:
    return {"id": ident, "runtimeInSeconds": seconds, **more}


def document(tasks: list[Any], done: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    done = [executed(one["id"]) for one in tasks] if done is None else done
    execution = {"executedAt": "05-10-23T16:23:32Z", "tasks": done, **more}
    specification = {"tasks": tasks, "files": [{"id": "raw", "sizeInBytes": 7}, {"id": "mid", "sizeInBytes": 8}]}
    workflow = {"specification": specification, "execution": execution}
    return {
        "name": "flow",
        "schemaVersion": "1.5",
        "description": "A flow.",
        "author": {"name": "a"},
        "workflow": workflow,
    }


def chain() -> list[dict[str, Any]]:
    first = task("fit_ID0001", "raw", "mid", children=["plot_ID0002"])
    return [first, task("plot_ID0002", "mid other", "end", parents=["fit_ID0001"])]


def read(tmp_path: Path, content: object) -> list[Item | Problem]:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(content), "utf-8")
    return list(WfFormatLoader().read(str(path)))


def runs(found: list[Item | Problem]) -> list[RunFact]:
    facts = [fact for one in found if isinstance(one, Item) for fact in one.facts]
    return [fact for fact in facts if isinstance(fact, RunFact)]


def reasons(found: list[Item | Problem]) -> list[tuple[str, str]]:
    return [(one.severity, one.reason) for one in found if isinstance(one, Problem)]


def test_a_task_is_a_run_of_its_stage_with_its_command_and_files(tmp_path: Path) -> None:
    done = [
        executed("fit_ID0001", command={"program": "fit", "arguments": ["-x"]}, machines=["node-7"]),
        executed("plot_ID0002"),
    ]

    fit, plot = runs(read(tmp_path, document(chain(), done)))

    assert (fit.component, fit.status, fit.params) == ("fit", Status.COMPLETED, {"program": "fit", "arguments": ["-x"]})
    assert fit.facets["machines"] == ["node-7"]
    assert (fit.facets["task"], fit.facets["workflow"]) == ("fit_ID0001", "flow")
    assert [(i.name, i.state, i.facets) for i in fit.inputs] == [("raw", "raw@external", {"sizeInBytes": 7})]
    assert [(o.name, o.facets) for o in fit.outputs] == [("mid", {"sizeInBytes": 8})]
    assert [(i.name, i.state) for i in plot.inputs] == [("mid", f"mid@{fit.id}"), ("other", "other@external")]


def test_runs_begin_when_their_parents_have_ended(tmp_path: Path) -> None:
    fit, plot = runs(read(tmp_path, document(chain())))

    runtime = timedelta(seconds=1.5)
    assert (fit.started_at, fit.ended_at) == (BEGUN, BEGUN + runtime)
    assert (plot.started_at, plot.ended_at) == (BEGUN + runtime, BEGUN + 2 * runtime)
    assert plot.facets["startedAt"] == "the earliest that the parents allow"


def test_a_task_that_says_when_it_began_is_believed(tmp_path: Path) -> None:
    done = [executed("fit_ID0001", executedAt="2023-05-10T18:00:00+02:00"), executed("plot_ID0002")]

    fit, plot = runs(read(tmp_path, document(chain(), done)))

    assert fit.started_at == datetime(2023, 5, 10, 16, tzinfo=UTC)
    assert "startedAt" not in fit.facets
    assert plot.started_at == fit.ended_at


def test_the_workflow_is_kept_as_a_component(tmp_path: Path) -> None:
    first = read(tmp_path, document(chain(), makespanInSeconds=9, machines=[{"nodeName": "n"}]))[0]

    assert isinstance(first, Item)
    [fact] = first.facts
    assert isinstance(fact, ComponentFact)
    assert (fact.name, fact.description) == ("flow", "A flow.")
    assert fact.facets["makespanInSeconds"] == 9
    assert fact.facets["machines"] == [{"nodeName": "n"}]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("20200401T183541+0000", datetime(2020, 4, 1, 18, 35, 41, tzinfo=UTC)),
        ("2023-03-27T13:54:12-10:00", datetime(2023, 3, 27, 23, 54, 12, tzinfo=UTC)),
        ("05-10-23T16:23:32Z", BEGUN),
    ],
)
def test_every_form_of_time_that_instances_hold_is_read(tmp_path: Path, said: str, meant: datetime) -> None:
    [fit] = runs(read(tmp_path, document([task("fit")], executedAt=said)))

    assert fit.started_at == meant


@pytest.mark.parametrize("said", ["2023-05-10T16:23:32", "yesterday", None])
def test_a_time_without_a_zone_or_sense_is_doubted_and_the_run_is_kept(tmp_path: Path, said: str | None) -> None:
    found = read(tmp_path, document([task("fit")], executedAt=said))

    [(severity, _)] = reasons(found)
    assert severity == "warning"
    assert len(runs(found)) == 1


def test_a_file_of_two_makers_binds_to_the_one_that_is_a_parent(tmp_path: Path) -> None:
    tasks = [
        task("a", "", "x", children=["c"]),
        task("b", "", "x"),
        task("c", "x", "y", parents=["a"]),
    ]

    found = read(tmp_path, document(tasks))

    a, _, c = runs(found)
    assert [i.state for i in c.inputs] == [f"x@{a.id}"]
    assert reasons(found) == []


def test_a_file_of_two_makers_that_are_no_parents_binds_to_both_and_says_so(tmp_path: Path) -> None:
    found = read(tmp_path, document([task("a", "", "x"), task("b", "", "x"), task("c", "x")]))

    a, b, c = runs(found)
    assert {i.state for i in c.inputs} == {f"x@{a.id}", f"x@{b.id}"}
    assert [reason for _, reason in reasons(found)] == [
        "task 'c': it may have read 'x' of any of 'a', 'b'",
        "task 'c': it reads 'x' of 'a', which is not among its parents",
    ]


def test_a_parent_without_a_common_file_is_kept_and_is_no_edge(tmp_path: Path) -> None:
    found = read(tmp_path, document([task("a", children=["b"]), task("b", "raw", parents=["a"])]))

    b = runs(found)[1]
    assert [i.state for i in b.inputs] == ["raw@external"]
    assert b.facets["parents"] == ["a"]
    assert reasons(found) == [
        ("warning", "task 'b': it reads no file of its parent 'a': kept as a facet, no data flows")
    ]


def test_parents_and_children_that_disagree_are_named(tmp_path: Path) -> None:
    found = read(
        tmp_path, document([task("a", "", "x"), task("b", "x", parents=["a", "gone"], children=["a", "lost"])])
    )

    assert [reason for _, reason in reasons(found)] == [
        "task 'b': its parent 'a' does not name it as a child",
        "task 'b': its parent 'gone' is no task",
        "task 'b': its child 'a' does not name it as a parent",
        "task 'b': its child 'lost' is no task",
    ]


def test_a_circle_of_files_is_read_as_it_stands(tmp_path: Path) -> None:
    a, b = runs(read(tmp_path, document([task("a", "y", "x"), task("b", "x", "y")])))

    assert [i.state for i in (*a.inputs, *b.inputs)] == [f"y@{b.id}", f"x@{a.id}"]
    assert a.started_at == b.started_at == BEGUN


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"name": "x"}, "workflow.specification.tasks[0].id is None, not a text"),
        ("x", "workflow.specification.tasks[0] is str, not an object"),
        (task("x") | {"inputFiles": "raw"}, "workflow.specification.tasks[0].inputFiles is str, not a list"),
        (task("x") | {"outputFiles": [7]}, "workflow.specification.tasks[0].outputFiles[0] is 7, not a text"),
    ],
)
def test_a_task_that_is_none_is_left_out_with_its_place(tmp_path: Path, bad: object, reason: str) -> None:
    found = read(tmp_path, document([bad, task("good")], [executed("good")]))

    assert reasons(found) == [("skipped", reason)]
    assert len(runs(found)) == 1


@pytest.mark.parametrize("seconds", [-1, "long", True, float("nan"), 1e300])
def test_a_runtime_that_is_none_is_refused(tmp_path: Path, seconds: object) -> None:
    found = read(tmp_path, document([task("a"), task("b")], [executed("a", seconds), executed("b")]))

    [(severity, reason)] = reasons(found)
    assert severity == "skipped"
    assert reason.startswith("runtimeInSeconds is ")
    assert len(runs(found)) == 1


def test_a_task_that_was_never_executed_is_no_run(tmp_path: Path) -> None:
    found = read(tmp_path, document([task("a")], []))

    assert reasons(found) == [("skipped", "task 'a' is specified but was not executed")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"workflow": {"specifi', "is not whole JSON"),
        (b"[]", "is list, not an object"),
        (b'{"name": "caf\xe9"}', "is not in UTF-8: byte 13 is 0xe9"),
        (b'{"schemaVersion": "1.3", "workflow": {"tasks": []}}', "it says schema '1.3', WfFormat 1.5 is read"),
        (b"[" * 100_000, "is not whole JSON"),
    ],
)
def test_a_file_that_is_no_instance_is_refused_alone_and_passed_over_among_others(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(SourceError, match=reason):
        list(WfFormatLoader().read(str(tmp_path / "bad.json")))

    (tmp_path / "good.json.gz").write_bytes(gzip.compress(json.dumps(document(chain())).encode()))
    found = list(WfFormatLoader().read(str(tmp_path)))

    assert len(reasons(found)) == 1
    assert len(runs(found)) == 2


def test_strict_stops_at_the_first_bad_task(tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(document([task("a"), "x"], [executed("a")])), "utf-8")

    with pytest.raises(BadRecord, match=r"tasks\[1\] is str"):
        import_source(None, WfFormatLoader(), str(path), is_strict=True)


def test_two_executions_of_one_workflow_are_different_runs(tmp_path: Path) -> None:
    first = runs(read(tmp_path, document([task("a")])))
    second = runs(read(tmp_path, document([task("a")], executedAt="2024-01-01T00:00:00Z")))

    assert first[0].id != second[0].id
    assert expected_digest(first) == expected_digest(runs(read(tmp_path, document([task("a")]))))
