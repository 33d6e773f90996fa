from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.graph.answer import Answer
from headwater.graph.connect import open_store
from headwater.graph.lineage import impact, trace
from headwater.graph.lineage.columns import Column, Derivation, Facets, columns_of, derivations, reached
from headwater.graph.store import Store
from tests.support.openlineage import Event, dataset, facts_of, run_event, shared_events


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/lineage.db") as found:
        yield found


def told(store: Store, events: Sequence[Event], of: str) -> list[str]:
    """Return the derivations in a trace, as text."""
    store.record(facts_of(events))
    answer = trace(store, of)
    return [shown(one) for one in derivations(answer, facets_of(store, answer))]


def facets_of(store: Store, answer: Answer) -> Facets:
    return store.facets([run.id for run in answer.runs()])


def shown(one: Derivation) -> str:
    ends = (f"{end.state}.{end.column}" if end.column else end.state for end in (one.source, one.target))
    return " -> ".join(ends) + f" by {one.basis}"


def field(name: str, column: str | None = None, **more: Any) -> Event:
    return {"namespace": "db", "name": name, **({"field": column} if column else {}), **more}


def column_facet(**fields: list[Event]) -> Event:
    return {"fields": {column: {"inputFields": sources} for column, sources in fields.items()}}


def source(name: str, column: str | None = None, **more: Any) -> Event:
    return field(name, column, type="DATASET", **more)


def test_without_a_facet_every_output_derives_from_every_input(store: Store) -> None:
    events = [run_event("COMPLETE", "r", 1, inputs=[dataset("a"), dataset("b")], outputs=[dataset("c"), dataset("d")])]
    assert told(store, events, "db/c@r") == [
        "db/a@external -> db/c@r by inputs",
        "db/b@external -> db/c@r by inputs",
    ]


def test_column_lineage_counts_before_the_inputs(store: Store) -> None:
    facet = column_facet(x=[field("a", "u"), field("a", "v")], y=[field("b", "w")])
    inputs = [dataset("a"), dataset("b"), dataset("unused")]
    events = [run_event("COMPLETE", "r", 1, inputs=inputs, outputs=[dataset("c", columnLineage=facet)])]
    assert told(store, events, "db/c") == [
        "db/a@external.u -> db/c@r.x by columnLineage",
        "db/a@external.v -> db/c@r.x by columnLineage",
        "db/b@external.w -> db/c@r.y by columnLineage",
    ]


def test_explicit_lineage_counts_before_column_lineage(store: Store) -> None:
    explicit = {"inputs": [source("a"), source("b", "key")], "fields": {"x": {"inputs": [source("a", "u")]}}}
    output = dataset("c", lineage=explicit, columnLineage=column_facet(x=[field("b", "w")]))
    events = [run_event("COMPLETE", "r", 1, inputs=[dataset("a"), dataset("b")], outputs=[output])]
    assert told(store, events, "db/c") == [
        "db/a@external -> db/c@r by lineage",
        "db/b@external.key -> db/c@r by lineage",
        "db/a@external.u -> db/c@r.x by lineage",
    ]


@pytest.mark.parametrize("where", ["job_facets", "run_facets"])
def test_explicit_lineage_of_a_job_tells_its_outputs_apart(store: Store, where: str) -> None:
    entries = [{**source("c"), "inputs": [source("a")]}, {**source("d"), "inputs": []}]
    facet = {"entries": entries} if where == "job_facets" else {"lineage": entries}
    inputs, outputs = [dataset("a"), dataset("b")], [dataset("c"), dataset("d"), dataset("e")]
    store.record(
        facts_of([run_event("COMPLETE", "r", 1, inputs=inputs, outputs=outputs, **{where: {"lineage": facet}})])
    )
    answer = trace(store, ["db/c", "db/d", "db/e"])
    assert [shown(one) for one in derivations(answer, facets_of(store, answer))] == [
        "db/a@external -> db/c@r by lineage",
        "db/a@external -> db/e@r by inputs",
        "db/b@external -> db/e@r by inputs",
    ]


def test_a_source_that_is_a_job_is_no_state(store: Store) -> None:
    explicit = {"inputs": [{"namespace": "etl", "name": "make", "type": "JOB"}, {"type": "JOB"}]}
    assert told(store, [run_event("COMPLETE", "r", 1, outputs=[dataset("c", lineage=explicit)])], "db/c") == []


def test_transformations_are_given_as_they_were_told(store: Store) -> None:
    how = {"type": "DIRECT", "subtype": "IDENTITY", "masking": False}
    facet = column_facet(x=[field("a", "u", transformations=[how])], y=[field("a", "v")])
    facet["fields"]["y"]["transformationType"] = "MASKED"
    facet["dataset"] = [field("a", "k", transformations=[{"type": "INDIRECT", "subtype": "FILTER"}])]
    store.record(
        facts_of([run_event("COMPLETE", "r", 1, inputs=[dataset("a")], outputs=[dataset("c", columnLineage=facet)])])
    )
    answer = trace(store, "db/c")
    assert [(one.target.column, one.transformations) for one in derivations(answer, facets_of(store, answer))] == [
        ("x", (how,)),
        ("y", ({"transformationType": "MASKED"},)),
        (None, ({"type": "INDIRECT", "subtype": "FILTER"},)),
    ]


def test_a_deleted_or_malformed_facet_says_nothing(store: Store) -> None:
    deleted = {**column_facet(x=[field("a", "u")]), "_deleted": True}
    broken = {"fields": {"x": 1, "y": {"inputFields": [1, {"field": "u"}]}}, "dataset": 3}
    outputs = [dataset("c", columnLineage=deleted), dataset("d", columnLineage=broken)]
    store.record(facts_of([run_event("COMPLETE", "r", 1, inputs=[dataset("a")], outputs=outputs)]))
    answer = trace(store, ["db/c", "db/d"])
    assert [shown(one) for one in derivations(answer, facets_of(store, answer))] == [
        "db/a@external -> db/c@r by inputs"
    ]


def test_a_source_known_by_another_name_leads_on(store: Store) -> None:
    links = {"identifiers": [{"namespace": "hive", "name": "a", "type": "TABLE"}]}
    facet = column_facet(x=[field("a", "u")])
    events = [
        run_event("COMPLETE", "w", 1, outputs=[{"namespace": "hive", "name": "a"}]),
        run_event("START", "r", 2, inputs=[dataset("a", symlinks=links)]),
        run_event("COMPLETE", "r", 3, outputs=[dataset("c", columnLineage=facet, symlinks=links)]),
    ]
    found = told(store, events, "db/c")
    assert "hive/a@w.u -> db/c@r.x by columnLineage" in found


def test_a_source_that_one_run_wrote_under_two_names_is_told_once(store: Store) -> None:
    links = {"identifiers": [{"namespace": "hive", "name": "a", "type": "TABLE"}]}
    read = dataset("a", symlinks=links)
    events = [
        run_event("COMPLETE", "w", 1, outputs=[read]),
        run_event("START", "r", 2, inputs=[read, dataset("b", symlinks=links)]),
        run_event("COMPLETE", "r", 3, outputs=[dataset("c", columnLineage=column_facet(x=[field("a", "u")]))]),
    ]
    assert told(store, events, "db/c") == ["db/a@w.u -> db/c@r.x by columnLineage"]


@pytest.fixture
def chain(store: Store) -> Store:
    """Record a -> b -> c, where only b.k comes from a, and c.x from b.k, c.y from b.other."""
    first = dataset("b", columnLineage=column_facet(k=[field("a", "id")]))
    second = dataset("c", columnLineage=column_facet(x=[field("b", "k")], y=[field("b", "other")]))
    events = [
        run_event("START", "r1", 1, inputs=[dataset("a")]),
        run_event("COMPLETE", "r1", 2, outputs=[first]),
        run_event("START", "r2", 3, inputs=[dataset("b")]),
        run_event("COMPLETE", "r2", 4, outputs=[second]),
    ]
    store.record(facts_of(events))
    return store


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("x", ["db/b@r1.k -> db/c@r2.x by columnLineage", "db/a@external.id -> db/b@r1.k by columnLineage"]),
        ("y", ["db/b@r1.other -> db/c@r2.y by columnLineage"]),
        ("nothing", []),
    ],
)
def test_a_column_is_traced_through_runs(chain: Store, column: str, expected: list[str]) -> None:
    answer = trace(chain, "db/c")
    found = derivations(answer, facets_of(chain, answer))
    assert [shown(one) for one in reached(found, [Column("db/c@r2", column)], backward=True)] == expected


def test_a_column_has_an_impact_through_runs(chain: Store) -> None:
    answer = impact(chain, "db/a@external")
    found = derivations(answer, facets_of(chain, answer))
    assert [shown(one) for one in reached(found, [Column("db/a@external", "id")], backward=False)] == [
        "db/a@external.id -> db/b@r1.k by columnLineage",
        "db/b@r1.k -> db/c@r2.x by columnLineage",
    ]
    assert reached(found, [Column("db/a@external", "name")], backward=False) == []


def test_the_columns_of_an_answer_are_those_that_lead_to_its_start(chain: Store) -> None:
    (found,) = columns_of(chain, trace(chain, "db/c"), "y", backward=True)
    assert found.to_dict() == {
        "source": {"state": "db/b@r1", "column": "other"},
        "target": {"state": "db/c@r2", "column": "y"},
        "run": "r2",
        "basis": "columnLineage",
        "transformations": [],
    }


def test_the_columns_of_a_public_set_are_those_of_its_query(store: Store) -> None:
    store.record(facts_of(shared_events("CLL")))
    answer = trace(store, "/".join(["file", "", "tmp", "cll_test", "tbl1"]))
    found = derivations(answer, facets_of(store, answer))
    about = {(one.source.column, one.target.column) for one in found if one.basis == "columnLineage"}
    assert about >= {("a", "ident"), ("a", "trans"), ("b", "trans")}


def columns() -> st.SearchStrategy[Column]:
    return st.builds(Column, st.sampled_from("abcd"), st.sampled_from("xy"))


@given(ends=st.lists(st.tuples(columns(), columns()), max_size=12), start=columns(), backward=st.booleans())
def test_what_is_reached_is_what_a_graph_library_reaches(
    ends: list[tuple[Column, Column]], start: Column, backward: bool
) -> None:
    found = [Derivation(source, target, "r", "lineage") for source, target in ends]
    graph = nx.DiGraph(ends)
    graph.add_node(start)
    near = {start, *(nx.ancestors if backward else nx.descendants)(graph, start)}
    expected = [one for one in found if (one.target if backward else one.source) in near]
    assert sorted(map(shown, reached(found, [start], backward=backward))) == sorted(map(shown, expected))
