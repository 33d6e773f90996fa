"""Algorithms on edge lists: distances, cycles, waves, what lies between. Pure, iterative, linear.

An edge is (source, target) and points with the data; nodes are anything hashable. Cycles are allowed everywhere.
This module knows no run, no pointer and no store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)


def hops(starts: Iterable[K], edges: Iterable[tuple[K, K]], *, backward: bool) -> dict[K, int]:
    """Return how many edges each reachable node lies from the nearest start, in breadth-first order.

    `backward` walks against the edges. Starts have 0. Cost: nodes and edges.
    """
    return distances(starts, _neighbours(edges, backward))


def distances(starts: Iterable[K], near: Mapping[K, Iterable[K]]) -> dict[K, int]:
    """Return `hops` of a graph that is given by the nodes next to each node, in the direction of the walk."""
    found = dict.fromkeys(starts, 0)
    level = list(found)
    distance = 0
    while level:
        distance += 1
        ahead: list[K] = []
        for node in level:
            for other in near.get(node, ()):
                if other not in found:
                    found[other] = distance
                    ahead.append(other)
        level = ahead
    return found


def _neighbours(edges: Iterable[tuple[K, K]], backward: bool) -> dict[K, list[K]]:
    found: defaultdict[K, list[K]] = defaultdict(list)
    if backward:
        for source, target in edges:
            found[target].append(source)
    else:
        for source, target in edges:
            found[source].append(target)
    return found


def between(sources: Iterable[K], targets: Iterable[K], edges: Sequence[tuple[K, K]]) -> set[K]:
    """Return the nodes on any walk from a source to a target, ends included; a node that is both is such a walk."""
    after = hops(sources, edges, backward=False)
    before = hops(targets, edges, backward=True)
    return after.keys() & before.keys()


@dataclass(frozen=True, slots=True)
class Condensation(Generic[K]):
    """A graph with each cycle drawn together into one component, so that no cycle is left.

    `component` numbers the component of each node, `upstream` the components right upstream of each (repeated as the
    edges are), and `order` lists all components with those furthest downstream first.
    """

    component: dict[K, int]
    upstream: list[list[int]]
    order: list[int]


def condense(nodes: Iterable[K], edges: Sequence[tuple[K, K]]) -> Condensation[K]:
    """Return the condensation of the graph of `nodes` and of all ends of `edges`. Cost: nodes and edges."""
    every = dict.fromkeys(chain(nodes, chain.from_iterable(edges)))
    number = {node: i for i, node in enumerate(every)}
    upstream: list[list[int]] = [[] for _ in number]
    for source, target in edges:
        upstream[number[target]].append(number[source])
    order = _peeled(upstream)
    if len(order) == len(upstream):
        return Condensation(number, upstream, order)
    drawn = _strongly_connected(upstream)
    return _drawn_together(number, upstream, drawn)


def _peeled(upstream: Sequence[Sequence[int]]) -> list[int]:
    """Nodes from the furthest downstream on (Kahn 1962); what is on a cycle or upstream of one is left out."""
    waiting = [0] * len(upstream)
    for sources in upstream:
        for source in sources:
            waiting[source] += 1
    order = [node for node, count in enumerate(waiting) if not count]
    for node in order:
        for source in upstream[node]:
            waiting[source] -= 1
            if not waiting[source]:
                order.append(source)
    return order


def _strongly_connected(near: Sequence[Sequence[int]]) -> list[int]:
    """The component of each node, numbered so that edges lead to the same or a smaller number (Tarjan 1972)."""
    count = len(near)
    seen = closed = 0
    # A virtual node that leads to all others stands at the end; its low of 0 never closes.
    index = [0] * count + [-1]
    low = [0] * (count + 1)
    component = [0] * count
    open_nodes: list[int] = []
    path: list[tuple[int, Iterator[int]]] = [(count, iter(range(count)))]
    while path:
        node, rest = path[-1]
        for other in rest:
            if not index[other]:
                seen += 1
                index[other] = low[other] = seen
                open_nodes.append(other)
                path.append((other, iter(near[other])))
                break
            low[node] = min(low[node], low[other])
        else:
            path.pop()
            if low[node] == index[node]:
                for member in _taken(open_nodes, node):
                    component[member] = closed
                    low[member] = count + 1
                closed += 1
            elif path:
                above = path[-1][0]
                low[above] = min(low[above], low[node])
    return component


def _taken(stack: list[int], last: int) -> list[int]:
    """Take the nodes down to `last` off the stack."""
    at = len(stack) - 1
    while stack[at] != last:
        at -= 1
    taken = stack[at:]
    del stack[at:]
    return taken


def _drawn_together(number: dict[K, int], upstream: Sequence[Sequence[int]], drawn: Sequence[int]) -> Condensation[K]:
    size = max(drawn) + 1
    merged: list[list[int]] = [[] for _ in range(size)]
    for node, sources in enumerate(upstream):
        here = drawn[node]
        merged[here].extend(drawn[source] for source in sources if drawn[source] != here)
    component = {node: drawn[i] for node, i in number.items()}
    return Condensation(component, merged, list(range(size - 1, -1, -1)))


def strong_components(nodes: Iterable[K], edges: Sequence[tuple[K, K]]) -> list[list[K]]:
    """Return the strongly connected components in topological order, the most upstream first.

    A node on no cycle is a component by itself. Ends of edges count as nodes. Cost: nodes and edges.
    """
    graph = condense(nodes, edges)
    members: list[list[K]] = [[] for _ in graph.order]
    for node, component in graph.component.items():
        members[component].append(node)
    return [members[component] for component in reversed(graph.order)]


def waves(nodes: Iterable[K], edges: Sequence[tuple[K, K]]) -> list[list[K]]:
    """Return the nodes in waves: each stands right after the last wave that it needs, members of a cycle together.

    Sorted inside a wave where the nodes can be compared, else as they came. Ends of edges count as nodes. Cost: nodes
    and edges, and the sort.
    """
    graph = condense(nodes, edges)
    wave = [0] * len(graph.order)
    for component in reversed(graph.order):
        wave[component] = max((wave[source] + 1 for source in graph.upstream[component]), default=0)
    found: list[list[K]] = [[] for _ in range(max(wave, default=-1) + 1)]
    for node, component in graph.component.items():
        found[wave[component]].append(node)
    return [_sorted_if_possible(members) for members in found]


def _sorted_if_possible(nodes: list[Any]) -> list[Any]:
    try:
        return sorted(nodes)
    except TypeError:
        return nodes
