"""What a store should say, computed from the pure reference: its digest, and the answers of every walk."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

from headwater.graph.answer import Answer
from headwater.graph.digest import component_line, consumption_line, facet_id, facet_line, pointer_line, run_line
from headwater.graph.facts import Fact
from headwater.graph.model import Edge, Graph, reference
from headwater.graph.values import canonical


def expected_digest(facts: Sequence[Fact]) -> str:
    """Return the digest that every store must have after these facts, in whatever way they came."""
    return hashlib.sha256("".join(f"{line}\n" for line in digest_lines(reference(facts))).encode()).hexdigest()


def digest_lines(graph: Graph) -> Iterator[str]:
    """Return the graph as the sorted lines that its digest is made of."""
    yield from (component_line(graph.components[name]) for name in sorted(graph.components))
    yield from (run_line(graph.runs[run]) for run in sorted(graph.runs))
    yield from (pointer_line(graph.pointers[state]) for state in sorted(graph.pointers))
    claims: dict[str, list[str]] = defaultdict(list)
    for bound in graph.consumptions:
        claims[bound.run].append(consumption_line(bound))
    for run in sorted(claims):
        yield from sorted(claims[run])
    yield from (f"{canonical(target)} {line}" for target, line in sorted(graph.annotations))
    yield from (facet_line(key, graph.facets[key]) for key in sorted(graph.facets, key=facet_id))


def expected_walk(graph: Graph, start: str, *, backward: bool) -> tuple[set[str], set[Edge]]:
    """Return the nodes and edges of a whole trace (or impact) by the most naive search."""
    nodes = {start}
    while True:
        ends = {(e.target, e.source) if backward else (e.source, e.target) for e in graph.edges}
        more = {far for near, far in ends if near in nodes} - nodes
        if not more:
            return nodes, {e for e in graph.edges if e.source in nodes and e.target in nodes}
        nodes |= more


def walked(answer: Answer) -> tuple[set[str], set[Edge]]:
    """Return the nodes and edges of an answer."""
    return set(answer.nodes), set(answer.edges)
