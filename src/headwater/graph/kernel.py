"""Algorithms on edge lists: distances, cycles, waves, what lies between. Pure, iterative, linear.

An edge is (source, target) and points with the data; nodes are anything hashable. Cycles are allowed everywhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar

K = TypeVar("K", bound=Hashable)
Adjacency: TypeAlias = Mapping[K, Sequence[K]]


def neighbours(edges: Iterable[tuple[K, K]], *, backward: bool = False) -> dict[K, list[K]]:
    """Return for each node the nodes right downstream, or right upstream when `backward`."""
    found: dict[K, list[K]] = {}
    for source, target in edges:
        if backward:
            source, target = target, source
        found.setdefault(source, []).append(target)
    return found


def hops(starts: Iterable[K], edges: Iterable[tuple[K, K]], *, backward: bool) -> dict[K, int]:
    """Return how many edges each reachable node lies from the nearest start, in breadth-first order.

    `backward` walks against the edges. Starts have 0. Cost: nodes and edges.
    """
    near = neighbours(edges, backward=backward)
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


def between(sources: Iterable[K], targets: Iterable[K], edges: Sequence[tuple[K, K]]) -> set[K]:
    """Return the nodes on any walk from a source to a target, ends included."""
    after = hops(sources, edges, backward=False)
    before = hops(targets, edges, backward=True)
    return after.keys() & before.keys()


def strong_components(nodes: Iterable[K], edges: Iterable[tuple[K, K]]) -> list[list[K]]:
    """Return the strongly connected components in topological order, sources first; a node on no cycle is one by itself.

    Tarjan 1972, without recursion. Cost: nodes and edges.
    """
    after = neighbours(edges)
    index: dict[K, int] = {}
    low: dict[K, int] = {}
    open_nodes: list[K] = []
    is_open: set[K] = set()
    found: list[list[K]] = []
    for root in nodes:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        open_nodes.append(root)
        is_open.add(root)
        path = [(root, iter(after.get(root, ())))]
        while path:
            node, rest = path[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    open_nodes.append(other)
                    is_open.add(other)
                    path.append((other, iter(after.get(other, ()))))
                    break
                if other in is_open:
                    low[node] = min(low[node], index[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == index[node]:
                    found.append(_close(node, open_nodes, is_open))
    found.reverse()
    return found


def _close(root: K, open_nodes: list[K], is_open: set[K]) -> list[K]:
    """Take the component of `root` off the stack."""
    members: list[K] = []
    while True:
        node = open_nodes.pop()
        is_open.discard(node)
        members.append(node)
        if node == root:
            return members
