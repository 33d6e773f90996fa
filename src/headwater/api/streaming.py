"""Answers of any size as lines of JSON: a walk that remembers the ids it has seen and nothing else.

A line is a node or an edge, told apart by `kind`; the first line has the kind `start`, the last `end`, or `error`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

from fastapi import Response
from fastapi.responses import StreamingResponse

from headwater.api.asking import Asker, Document, encode
from headwater.api.documentation import NDJSON
from headwater.api.failures import ClientLeft, public_document
from headwater.errors import HeadwaterError
from headwater.graph.answer import node_document
from headwater.graph.lineage.face import Lineage
from headwater.graph.lineage.walk import nodes_of, resolve
from headwater.graph.store import Store

_NODES_PER_STEP = 500


def is_wanted(asker: Asker) -> bool:
    """Return whether the client asks for lines."""
    return NDJSON in asker.request.headers.get("accept", "")


def lines_of(walk: Document) -> Response:
    """Return the response that holds an answer as lines."""
    nodes, edges = walk.pop("nodes"), walk.pop("edges")
    told = [{"kind": "start", "start": walk.pop("start")}, *nodes, *edges, _end(len(nodes), len(edges), walk)]
    return Response(_text(told), media_type=NDJSON)


async def stream(asker: Asker, of: Sequence[str], *, backward: bool) -> Response:
    """Return the response that walks while it is read; a start that means nothing fails before it begins."""
    walk = Lines(asker.service.lineage.store, backward)
    first = await asker.put(lambda lineage: walk.begin(lineage, of))
    return StreamingResponse(_lines(asker, walk, first), media_type=NDJSON)


async def _lines(asker: Asker, walk: Lines, first: bytes) -> AsyncIterator[bytes]:
    yield first
    try:
        while walk.level:
            yield await asker.put(lambda _: walk.step())
        yield await asker.put(lambda _: walk.end())
    except ClientLeft:
        return
    except HeadwaterError as error:
        asker.request.scope["state"]["failure"] = error
        yield _text([{"kind": "error", **public_document(error)}])


@dataclass(slots=True)
class Lines:
    """A walk of the whole graph behind its starts, some nodes at a time, nearest first; each step is some lines."""

    store: Store
    backward: bool
    seen: set[str] = field(default_factory=set)
    level: deque[str] = field(default_factory=deque)
    ahead: deque[str] = field(default_factory=deque)
    hops: int = 0
    nodes: int = 0
    edges: int = 0

    def begin(self, lineage: Lineage, of: Sequence[str]) -> bytes:
        """Find the starts; return the first line."""
        starts = list(dict.fromkeys(resolve(lineage.store, reference) for reference in of))
        self.seen.update(starts)
        self.level.extend(starts)
        return _text([{"kind": "start", "start": starts}])

    def step(self) -> bytes:
        """Visit some nodes of the level; return their lines and those of the edges behind them."""
        ids = [self.level.popleft() for _ in range(min(_NODES_PER_STEP, len(self.level)))]
        found = self.store.sources(ids) if self.backward else self.store.targets(ids)
        told = [{**node_document(node), "hops": self.hops} for node in nodes_of(found, ids).values()]
        self.nodes += len(ids)
        edges = found.edges
        self.edges += len(edges)
        for far in (far for ident in ids for far in found.links[ident]):
            if far not in self.seen:
                self.seen.add(far)
                self.ahead.append(far)
        if not self.level:
            self.level, self.ahead = self.ahead, self.level
            self.hops += 1
        return _text([*told, *(edge._asdict() for edge in edges)])

    def end(self) -> bytes:
        """Return the last line."""
        mark = self.store.watermark()
        truncated = {"reason": "rebinding", "frontier": []} if mark.rebinding else None
        rest = {"complete": not mark.rebinding, "truncated": truncated, "as_of": None, "watermark": mark.position}
        return _text([_end(self.nodes, self.edges, rest)])


def _end(nodes: int, edges: int, rest: Document) -> Document:
    return {"kind": "end", "nodes": nodes, "edges": edges, **rest}


def _text(documents: Iterable[Document]) -> bytes:
    return b"".join(encode(one) + b"\n" for one in documents)
