from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.graph.kernel import between, condense, hops, strong_components, waves

Edges = list[tuple[int, int]]

NODES = range(10)
digraphs = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=30)
some_nodes = st.lists(st.sampled_from(NODES), min_size=1, max_size=4)


def oracle(edges: Edges) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(NODES)
    graph.add_edges_from(edges)
    return graph


def diamonds(count: int) -> Edges:
    """A ladder: 3i leads to 3i+1 and 3i+2, and both to 3i+3."""
    return [edge for i in range(0, 3 * count, 3) for edge in [(i, i + 1), (i, i + 2), (i + 1, i + 3), (i + 2, i + 3)]]


def chain(length: int) -> Edges:
    return [(i, i + 1) for i in range(length)]


def test_hops_count_edges_from_the_nearest_start() -> None:
    edges = [("raw", "clean"), ("clean", "train"), ("raw", "train")]

    assert hops(["train"], edges, backward=True) == {"train": 0, "clean": 1, "raw": 1}


def test_hops_walk_with_the_data_when_not_backward() -> None:
    assert hops(["a"], [("a", "b"), ("b", "c"), ("x", "b")], backward=False) == {"a": 0, "b": 1, "c": 2}


def test_hops_come_in_breadth_first_order() -> None:
    found = hops([0], diamonds(3), backward=False)

    assert list(found.values()) == sorted(found.values())


def test_a_start_without_edges_is_reached() -> None:
    assert hops(["alone"], [("a", "b")], backward=True) == {"alone": 0}


@given(digraphs, some_nodes, st.booleans())
def test_hops_equal_the_oracle_on_any_digraph(edges: Edges, starts: list[int], backward: bool) -> None:
    graph = oracle(edges).reverse() if backward else oracle(edges)

    expected = dict(nx.multi_source_dijkstra_path_length(graph, set(starts)))

    assert hops(starts, edges, backward=backward) == expected


def test_between_keeps_what_lies_on_a_path() -> None:
    edges = [("raw", "clean"), ("clean", "train"), ("side", "train"), ("clean", "report")]

    assert between(["raw"], ["train"], edges) == {"raw", "clean", "train"}


def test_between_is_empty_without_a_path() -> None:
    assert between(["b"], ["a"], [("a", "b")]) == set()


@given(digraphs, some_nodes, some_nodes)
def test_between_equals_the_oracle_on_any_digraph(edges: Edges, sources: list[int], targets: list[int]) -> None:
    graph = oracle(edges)

    expected = {
        node
        for node in NODES
        if any(nx.has_path(graph, source, node) for source in sources)
        and any(nx.has_path(graph, node, target) for target in targets)
    }

    assert between(sources, targets, edges) == expected


@given(digraphs)
def test_strong_components_equal_the_oracle(edges: Edges) -> None:
    found = strong_components(NODES, edges)

    assert {frozenset(members) for members in found} == set(
        map(frozenset, nx.strongly_connected_components(oracle(edges)))
    )
    assert sorted(node for members in found for node in members) == list(NODES)


@given(digraphs)
def test_strong_components_stand_in_topological_order(edges: Edges) -> None:
    place = {node: i for i, members in enumerate(strong_components(NODES, edges)) for node in members}

    assert all(place[source] <= place[target] for source, target in edges)


@given(digraphs)
def test_a_condensation_has_no_cycle_and_lists_downstream_first(edges: Edges) -> None:
    graph = condense(NODES, edges)
    place = {component: i for i, component in enumerate(graph.order)}

    assert sorted(graph.order) == list(range(len(graph.upstream)))
    assert all(place[source] > place[node] for node, near in enumerate(graph.upstream) for source in near)


def test_ends_of_edges_count_as_nodes() -> None:
    assert strong_components([], [("a", "b")]) == [["a"], ["b"]]


def test_an_empty_graph_has_no_components_and_no_waves() -> None:
    empty: Edges = []

    assert strong_components([], empty) == []
    assert waves([], empty) == []


def test_waves_wait_for_the_longest_path() -> None:
    edges = [("raw", "clean"), ("clean", "train"), ("raw", "train"), ("train", "predict")]

    assert waves(["other"], edges) == [["other", "raw"], ["clean"], ["train"], ["predict"]]


def test_members_of_a_cycle_share_a_wave() -> None:
    edges = [("in", "a"), ("a", "b"), ("b", "a"), ("b", "out"), ("out", "out")]

    assert waves([], edges) == [["in"], ["a", "b"], ["out"]]


def test_waves_of_nodes_that_cannot_be_compared_keep_their_order() -> None:
    assert waves(["run", 7], [("run", None), (7, None)]) == [["run", 7], [None]]


@given(digraphs)
def test_waves_equal_the_layers_of_the_oracle(edges: Edges) -> None:
    graph = nx.condensation(oracle(edges))

    expected = [
        sorted(node for component in layer for node in graph.nodes[component]["members"])
        for layer in nx.topological_generations(graph)
    ]

    assert waves(NODES, edges) == expected


def test_a_ladder_of_diamonds_is_walked_once() -> None:
    edges = diamonds(30)

    assert hops([90], edges, backward=True)[0] == 60
    assert between([0], [90], edges) == set(range(91))
    assert len(waves([], edges)) == 61


@pytest.mark.parametrize("length", [20_000])
def test_a_long_chain_needs_no_recursion(length: int) -> None:
    edges = chain(length)

    assert hops([length], edges, backward=True)[0] == length
    assert strong_components([], edges) == [[i] for i in range(length + 1)]
    assert waves([], edges) == [[i] for i in range(length + 1)]


@pytest.mark.parametrize("length", [20_000])
def test_a_long_cycle_is_one_component(length: int) -> None:
    edges = [*chain(length), (length, 0)]

    assert [sorted(members) for members in strong_components([], edges)] == [list(range(length + 1))]
    assert max(hops([0], edges, backward=False).values()) == length
