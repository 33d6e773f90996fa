"""Traces and impact: the part of the graph that lies upstream or downstream of a start, whole or within limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from headwater import clock
from headwater.errors import GraphMoved, UnknownPointer, UnknownRun, UsageError
from headwater.graph import kernel
from headwater.graph.answer import Answer, Reason, Truncation
from headwater.graph.model import Edge, Node, Pointer, Run
from headwater.graph.store import Store, Subgraph


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a walk ends.

    After `depth` runs, at `nodes` nodes, after `time_s` seconds, behind runs of component `stop_at`.
    """

    depth: int | None = None
    nodes: int | None = None
    time_s: float | None = None
    stop_at: str | None = None

    def __post_init__(self) -> None:
        for name in ("depth", "nodes", "time_s"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise UsageError(f"the limit {name} is {value}", hint="use a number that is not negative")


UNLIMITED = Limits()
_TRIES = 10


def trace(store: Store, of: str | Sequence[str], limits: Limits = UNLIMITED, as_of: datetime | None = None) -> Answer:
    """Return everything that the outputs `of` were derived from: names, state ids, digests or run ids.

    Raises UnknownPointer for a reference that means nothing. `as_of` leaves out what happened later. Cost: the
    answer's size.
    """
    return _walk(store, _references(of), limits, as_of, backward=True)


def impact(store: Store, of: str | Sequence[str], limits: Limits = UNLIMITED, as_of: datetime | None = None) -> Answer:
    """Return everything that derives from the inputs `of`: the forward trace. Otherwise as `trace`."""
    return _walk(store, _references(of), limits, as_of, backward=False)


def between(store: Store, source: str, target: str) -> Answer:
    """Return how `target` derives from `source`: the nodes on any path between them; empty when it does not."""
    found = trace(store, target)
    start = resolve(store, source)
    nodes = (
        kernel.between([start], list(found.start), [(e.source, e.target) for e in found.edges])
        if start in found.nodes
        else set()
    )
    kept = {ident: node for ident, node in found.nodes.items() if ident in nodes}
    edges = frozenset(e for e in found.edges if e.source in nodes and e.target in nodes)
    return replace(found, start=(start,), nodes=kept, edges=edges, hops={n: found.hops[n] for n in kept})


def resolve(store: Store, reference: str, as_of: datetime | None = None) -> str:
    """Return the id of the state or run that a reference means; raises UnknownPointer."""
    try:
        return store.resolve(reference, as_of).id
    except UnknownPointer:
        try:
            return store.run(reference).run.id
        except UnknownRun:
            pass
        raise


def _references(of: str | Sequence[str]) -> Sequence[str]:
    found = [of] if isinstance(of, str) else list(of)
    if not found:
        raise UsageError("no pointer was named", hint="name at least one")
    return found


def _walk(store: Store, of: Sequence[str], limits: Limits, as_of: datetime | None, *, backward: bool) -> Answer:
    if as_of is not None:
        as_of = clock.as_utc(as_of, "as_of")
    for _ in range(_TRIES - 1):
        with suppress(GraphMoved):
            return _walk_once(store, of, limits, as_of, backward)
    return _walk_once(store, of, limits, as_of, backward)


def _walk_once(store: Store, of: Sequence[str], limits: Limits, as_of: datetime | None, backward: bool) -> Answer:
    mark = store.watermark()
    starts = tuple(dict.fromkeys(resolve(store, reference, as_of) for reference in of))
    if limits == UNLIMITED and as_of is None:
        answer = _whole(store, starts, backward)
    else:
        answer = _Walk(store, limits, as_of, backward).run(starts)
    truncated = answer.truncated or (Truncation("rebinding") if mark.rebinding else None)
    return replace(answer, as_of=as_of, watermark=mark.position, truncated=truncated)


def _whole(store: Store, starts: tuple[str, ...], backward: bool) -> Answer:
    found = store.upstream(starts) if backward else store.downstream(starts)
    hops = kernel.distances(starts, found.links)
    return Answer(starts, nodes_of(found, hops), frozenset(found.edges), hops)


def nodes_of(found: Subgraph, ids: Iterable[str]) -> dict[str, Node]:
    """Return the nodes of these ids, which an earlier question told; raises GraphMoved when one is gone since."""
    nodes = found.nodes
    try:
        return {ident: nodes[ident] for ident in ids}
    except KeyError as exc:
        raise GraphMoved(f"{exc.args[0]} is no longer there") from exc


@dataclass(slots=True)
class _Walk:
    """A walk level by level, which can end anywhere and say what is left."""

    store: Store
    limits: Limits
    as_of: datetime | None
    backward: bool
    nodes: dict[str, Node] = field(default_factory=dict)
    hops: dict[str, int] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    reason: Reason | None = None

    def run(self, starts: tuple[str, ...]) -> Answer:
        deadline = None if self.limits.time_s is None else time.monotonic() + self.limits.time_s
        self.hops = dict.fromkeys(starts, 0)
        frontier = list(starts)
        while frontier:
            found = self._step(frontier)
            frontier = self._admit(found, frontier, deadline)
        return self._answer(starts)

    def _step(self, frontier: Sequence[str]) -> Subgraph:
        step: Callable[[Sequence[str]], Subgraph] = self.store.sources if self.backward else self.store.targets
        return step(frontier)

    def _admit(self, found: Subgraph, frontier: Sequence[str], deadline: float | None) -> list[str]:
        """Keep what the level found; return the next level, empty when a limit was met."""
        for ident, node in nodes_of(found, frontier).items():
            if self._is_later(node):
                self.closed.add(ident)
                continue
            self.nodes[ident] = node
            if isinstance(node, Run) and node.component is not None and node.component == self.limits.stop_at:
                self.closed.add(ident)
        edges = found.edges
        self.edges.extend(edges)
        ahead = sorted({far for near, far in map(self._ends, edges) if near not in self.closed} - self.hops.keys())
        level = self.hops[frontier[0]] + 1
        room = self._room(level, len(ahead), deadline)
        self.hops.update(dict.fromkeys(ahead[:room], level))
        return ahead[:room]

    def _room(self, level: int, wanted: int, deadline: float | None) -> int:
        depth, cap = self.limits.depth, self.limits.nodes
        if depth is not None and level > 2 * depth:
            self.reason = "depth" if wanted else None
            return 0
        if deadline is not None and time.monotonic() > deadline:
            self.reason = "time" if wanted else None
            return 0
        room = wanted if cap is None else max(0, cap - len(self.hops))
        if room < wanted:
            self.reason = self.reason or "nodes"
        return min(room, wanted)

    def _ends(self, edge: Edge) -> tuple[str, str]:
        return (edge.target, edge.source) if self.backward else (edge.source, edge.target)

    def _is_later(self, node: Node) -> bool:
        if self.as_of is None:
            return False
        if isinstance(node, Pointer):
            return node.run is not None and (node.produced_at is None or node.produced_at > self.as_of)
        return node.started_at > self.as_of

    def _answer(self, starts: tuple[str, ...]) -> Answer:
        inside = frozenset(e for e in self.edges if e.source in self.nodes and e.target in self.nodes)
        ends = (self._ends(e) for e in self.edges)
        left = {near for near, far in ends if near in self.nodes and near not in self.closed and far not in self.hops}
        truncated = Truncation(self.reason, tuple(sorted(left))) if self.reason and left else None
        hops = {ident: self.hops[ident] for ident in self.nodes}
        return Answer(starts, self.nodes, inside, hops, truncated)
