"""What a walk over the graph answers.

A subgraph that says how complete it is, and its forms for people and programs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from headwater import clock
from headwater.errors import MissingExtra
from headwater.graph.model import Edge, Node, Pointer, Run
from headwater.graph.values import JSON

if TYPE_CHECKING:
    import networkx
    import pandas

Document: TypeAlias = dict[str, Any]
Reason: TypeAlias = Literal["depth", "nodes", "time", "rebinding"]


@dataclass(frozen=True, slots=True)
class Truncation:
    """Why a walk ended early; a walk from the `frontier` goes on, given room for all neighbours of one of them."""

    reason: Reason
    frontier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A subgraph: nodes by id in breadth-first order, all edges between them, hops (edges) from the start."""

    start: tuple[str, ...]
    nodes: Mapping[str, Node]
    edges: frozenset[Edge]
    hops: Mapping[str, int]
    truncated: Truncation | None = None
    as_of: datetime | None = None
    watermark: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether nothing was left out."""
        return self.truncated is None

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __len__(self) -> int:
        return len(self.nodes)

    def __contains__(self, node: str) -> bool:
        return node in self.nodes

    def runs(self) -> list[Run]:
        """Return the runs, nearest first."""
        return [node for node in self.nodes.values() if isinstance(node, Run)]

    def pointers(self) -> list[Pointer]:
        """Return the states, nearest first."""
        return [node for node in self.nodes.values() if isinstance(node, Pointer)]

    def to_dict(self) -> Document:
        """Return the JSON document that the command line and HTTP give."""
        nodes = sorted(self.nodes.values(), key=lambda node: (self.hops[node.id], node.id))
        truncated = self.truncated
        return {
            "start": list(self.start),
            "nodes": [{**node_document(node), "hops": self.hops[node.id]} for node in nodes],
            "edges": [edge._asdict() for edge in sorted(self.edges)],
            "complete": self.is_complete,
            "truncated": None
            if truncated is None
            else {"reason": truncated.reason, "frontier": list(truncated.frontier)},
            "as_of": time_text(self.as_of),
            "watermark": self.watermark,
        }

    def to_networkx(self) -> networkx.DiGraph[str]:
        """Return a DiGraph: nodes carry their document as attributes, edges their kind. Needs headwater[pandas]."""
        try:
            import networkx
        except ImportError as exc:
            raise MissingExtra("networkx is not installed", hint="pip install 'headwater[pandas]'") from exc
        graph: networkx.DiGraph[str] = networkx.DiGraph()
        for node in self.nodes.values():
            graph.add_node(node.id, **node_document(node), hops=self.hops[node.id])
        graph.add_edges_from((edge.source, edge.target, {"kind": edge.kind}) for edge in self.edges)
        return graph

    def to_pandas(self) -> tuple[pandas.DataFrame, pandas.DataFrame]:
        """Return two frames: a row a node (columns of its document), and a row an edge. Needs headwater[pandas]."""
        try:
            import pandas
        except ImportError as exc:
            raise MissingExtra("pandas is not installed", hint="pip install 'headwater[pandas]'") from exc
        document = self.to_dict()
        edges = pandas.DataFrame(document["edges"], columns=["source", "target", "kind"])
        return pandas.DataFrame(document["nodes"]), edges

    def to_mermaid(self) -> str:
        """Return the graph as Mermaid flowchart text."""
        number = {node: f"n{index}" for index, node in enumerate(self.nodes)}
        lines = ["flowchart LR"]
        for node in self.nodes.values():
            label = "".join(_MERMAID.get(char, char) for char in caption(node))
            lines.append(
                f'  {number[node.id]}["{label}"]' if isinstance(node, Run) else f'  {number[node.id]}(["{label}"])'
            )
        lines += [f"  {number[e.source]} --> {number[e.target]}" for e in sorted(self.edges)]
        return "\n".join(lines) + "\n"

    def to_dot(self) -> str:
        """Return the graph as Graphviz text."""
        lines = ["digraph lineage {", "  rankdir=LR;"]
        for node in self.nodes.values():
            shape = "box" if isinstance(node, Run) else "ellipse"
            lines.append(f"  {_quoted(node.id)} [label={_quoted(caption(node))}, shape={shape}];")
        lines += [f"  {_quoted(e.source)} -> {_quoted(e.target)};" for e in sorted(self.edges)]
        return "\n".join([*lines, "}"]) + "\n"


# A quote ends a Mermaid label and a line end ends its line; # begins an entity.
_MERMAID = {'"': "#quot;", "#": "#35;", "\n": "#10;", "\r": "#13;"}


def caption(node: Node) -> str:
    """Return the short text that a person knows a node by."""
    if isinstance(node, Run):
        return f"{node.component or 'run'} {node.id}"
    return node.id


def node_document(node: Node) -> Document:
    """Return what walking answers say of a node; params and triggers of a run are `inspect`'s."""
    if isinstance(node, Pointer):
        return {
            "id": node.id,
            "kind": "pointer",
            "name": node.name,
            "type": node.type,
            "digest": node.digest,
            "run": node.run,
            "produced_at": time_text(node.produced_at),
            "flagged": node.flagged,
            "labels": dict(node.labels),
            "erased": _erased(node),
        }
    return {
        "id": node.id,
        "kind": "run",
        "component": node.component,
        "status": node.status.value,
        "started_at": time_text(node.started_at),
        "ended_at": time_text(node.ended_at),
        "flagged": node.flagged,
        "labels": dict(node.labels),
        "erased": _erased(node),
    }


def _erased(node: Node) -> Document | None:
    return None if node.erased is None else {"at": time_text(node.erased.at), "request": node.erased.request}


def run_document(run: Run) -> Document:
    """Return all that is known of a run itself."""
    single: dict[str, JSON] = {"commit": run.commit, "source": run.source, "error": run.error}
    return {**node_document(run), **single, "params": dict(run.params), "triggers": dict(run.triggers)}


def time_text(at: datetime | None) -> str | None:
    """Return a time as RFC 3339 text in UTC, or None."""
    return None if at is None else clock.isoformat(at)


def documents(nodes: Sequence[Node]) -> list[Document]:
    """Return the documents of some nodes."""
    return [node_document(node) for node in nodes]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
