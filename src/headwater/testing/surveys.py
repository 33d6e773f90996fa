"""What a store should say of the part of the graph that a deletion touches, and the rules that ask it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from headwater.deletion.situation import Interval, Label, Situation, Stage, Target
from headwater.deletion.survey import survey
from headwater.graph.erasure import label_text
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, deletion_facet
from headwater.graph.model import Graph, Node, Pointer, reference
from headwater.graph.store import DeletionStore, Name, Version
from headwater.testing.erasures import DeletionBackend
from headwater.testing.oracle import expected_walk
from headwater.testing.rules import at, ran
from headwater.testing.strategies import ANY_BACKEND, NAMES, RUNS, fact_sets

_LABELS = (("k", "v"), ("l", "w"))


def expected_situation(facts: Sequence[Fact], targets: Sequence[Target]) -> Situation:
    """Return what a survey must find in any store that holds these facts, computed from the reference."""
    graph = reference(facts)
    labels = sorted({label for target in targets for label in target.labels})
    starts = {label: _starts(graph, label) for label in labels}
    begun = {state for target in targets for state in target.states if state in graph.pointers}.union(*starts.values())
    reached = {node for start in begun for node in expected_walk(graph, start, backward=False)[0]}
    makers = {p.run for node in reached if (p := graph.pointers.get(node)) and p.run} - reached
    nodes: dict[str, Node] = {node: _node(graph, node) for node in reached | makers}
    versions = [_version(p) for p in graph.pointers.values() if p.run is not None and p.produced_at is not None]
    touched = {node.name for node in nodes.values() if isinstance(node, Pointer)}
    by_name: dict[str, list[Version]] = defaultdict(list)
    for version in sorted(versions, key=lambda version: version.order):
        by_name[version.name].append(version)
    outside = {
        name: [v.order for v in by_name.get(name, ()) if v.state not in nodes and not v.is_erased] for name in touched
    }
    return Situation(
        targets=tuple(targets),
        nodes=nodes,
        links={node: sorted(_links(graph, node, nodes)) for node in nodes},
        starts=starts,
        rows=_rows(graph, nodes) if labels else {},
        names={name: Name(found[-1], len(found)) for name, found in by_name.items() if name in touched},
        untouched={name: max(orders) for name, orders in outside.items() if orders},
        stages=_stages(graph, nodes),
    )


def _starts(graph: Graph, label: Label) -> frozenset[str]:
    key, value = label
    found = {state for state, pointer in graph.pointers.items() if pointer.labels.get(key) == value}
    carriers = {(k.owner, k.name) for k in graph.facets if k.subject == "label" and k.key == label_text(*label)}
    for state, run, claim in graph.consumptions:
        if (run, claim.name) in carriers:
            found |= {state, run}
    return frozenset(found | {p.id for p in graph.pointers.values() if (p.run, p.name) in carriers})


def _links(graph: Graph, node: str, nodes: dict[str, Node]) -> set[str]:
    return {edge.target for edge in graph.edges if edge.source == node and edge.target in nodes}


def _node(graph: Graph, ident: str) -> Node:
    if ident in graph.pointers:
        return graph.pointers[ident]
    return graph.runs[ident]._replace(params={}, triggers={}, commit=None, source=None, error=None)


def _version(state: Pointer) -> Version:
    assert state.produced_at is not None
    assert state.run is not None
    return Version(state.id, state.name, state.produced_at, state.run, state.erased is not None)


def _rows(graph: Graph, nodes: dict[str, Node]) -> dict[str, dict[str, frozenset[Label]]]:
    found: dict[str, dict[str, frozenset[Label]]] = defaultdict(dict)
    known = [(label, label_text(*label)) for label in _all_labels(graph)]
    for label, text in known:
        for key in graph.facets:
            if key.subject == "label" and key.key == text and key.owner in nodes:
                found[key.owner][key.name] = found[key.owner].get(key.name, frozenset()) | {label}
    return dict(found)


def _all_labels(graph: Graph) -> set[Label]:
    return {tuple(json.loads(key.key)) for key in graph.facets if key.subject == "label"}


def _stages(graph: Graph, nodes: dict[str, Node]) -> dict[str, Stage]:
    components = {graph.runs[node].component for node in nodes if node in graph.runs}
    found = {}
    for name in sorted(component for component in components if component is not None):
        runs = [run for run in graph.runs.values() if run.component == name and run.status == "completed"]
        took = [(run.ended_at - run.started_at) / timedelta(seconds=1) for run in runs if run.ended_at]
        said = next(
            (v for key, v in graph.facets.items() if key[:2] == ("component", name) and key.key == "deletion"), {}
        )
        found[name] = Stage(**cast("dict[str, str]", said), took=Interval.of([s for s in took if s >= 0]))  # type: ignore[arg-type]
    return found


def targets() -> st.SearchStrategy[list[Target]]:
    """Return one or two requests for states that may exist, and for labels."""
    makers = st.sampled_from([*RUNS, "external", "external:x", "unknown"])
    states = st.builds(lambda name, maker: f"{name}@{maker}", st.sampled_from(NAMES), makers)
    some = st.lists(states, max_size=2, unique=True).map(tuple)
    labels = st.lists(st.sampled_from(_LABELS), max_size=1).map(tuple)
    return st.lists(st.builds(Target, st.sampled_from(["q1", "q2"]), some, labels), min_size=1, max_size=2)


class SurveyRules:
    """What a deletion touches is found in every store alike."""

    backend: DeletionBackend

    @ANY_BACKEND
    @given(facts=fact_sets(), wanted=targets())
    def test_a_survey_equals_the_reference(self, facts: list[Fact], wanted: list[Target]) -> None:
        store = self._with(facts)

        found = survey(store, wanted)

        sorted_links = {node: sorted(near) for node, near in found.links.items()}
        assert replace(found, links=sorted_links, watermark=0) == expected_situation(facts, wanted)
        assert found.digest == expected_situation(facts, wanted).digest

    def test_a_label_begins_where_its_rows_are_read_written_or_said_to_be(self) -> None:
        label = {"client": ["c1", "c2"]}
        store = self._with(
            [
                ran("read", 0, 1, inputs=[Input("in", labels=label)], outputs=["made"]),
                ran("write", 2, 3, inputs=["in"], outputs=[Output("out", labels=label), "other"]),
                ran("plain", 4, 5, outputs=["said", "taken back"]),
                Annotation("said@plain", "label", "c2", key="client", at=at(6)),
                Annotation("taken back@plain", "label", "c2", key="client", at=at(6)),
                Annotation("taken back@plain", "label", None, key="client", at=at(7)),
            ]
        )

        found = survey(store, [Target("q", labels=(("client", "c2"),))])

        assert found.starts["client", "c2"] == {"in@external", "read", "out@write", "said@plain"}
        assert found.rows["write"] == {"out": {("client", "c1"), ("client", "c2")}}

    def test_durations_are_those_of_the_newest_completed_runs(self) -> None:
        store = self._with([ran(f"r{n}", n, n + 1 + n % 3, inputs=["x"]) for n in range(5)])
        store.record([replace(ran("more", 10, 12), component="make-r0")])

        assert store.durations(["make-r0", "make-r1", "unknown"], 1) == {"make-r0": [2.0], "make-r1": [2.0]}
        assert store.durations(["make-r0"], 2) == {"make-r0": [1.0, 2.0]}

    def test_what_a_component_declares_is_known(self) -> None:
        said = deletion_facet(aggregates="sums of a thousand", shards=4)
        store = self._with([ran("r", 0, 1, inputs=["x"]), ComponentFact("make-r", facets=said)])

        [(name, stage)] = survey(store, [Target("q", ("x@external",))]).stages.items()

        assert (name, stage.aggregates, stage.shards, stage.unlearns) == ("make-r", "sums of a thousand", 4, None)

    def _with(self, facts: Sequence[Fact]) -> DeletionStore:
        store = self.backend.empty()
        store.record(facts)
        return store
