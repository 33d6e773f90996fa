"""GraphML: the graph of runs and states as Gephi, yEd and networkx read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, TextIO
from xml.sax.saxutils import escape, quoteattr

from headwater.graph.answer import caption, node_document
from headwater.graph.model import Node
from headwater.loaders.exporting import Exported

# What a node of either kind may say: the type of each in GraphML's words.
NODE_KEYS = {
    **dict.fromkeys(("label", "kind", "name", "type", "digest", "run", "produced_at"), "string"),
    **dict.fromkeys(("component", "status", "started_at", "ended_at", "labels", "erased"), "string"),
    "flagged": "boolean",
}
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# What a reader of XML would otherwise turn into other blanks.
_SPACES = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'


@dataclass(frozen=True, slots=True)
class GraphmlExporter:
    """Writes nodes, then edges; a time is RFC 3339 text, labels and `erased` are JSON objects."""

    kind: ClassVar[str] = "graphml"
    loss: ClassVar[str] = (
        "what a graph of runs and states does not show: params, facets, notes, claims, descriptions of components"
    )

    def write(self, what: Exported, to: TextIO) -> None:
        """Write the graph."""
        to.write(_HEAD)
        to.writelines(
            f'<key id="{name}" for="node" attr.name="{name}" attr.type="{type_}"/>\n'
            for name, type_ in NODE_KEYS.items()
        )
        to.write('<key id="edge_kind" for="edge" attr.name="kind" attr.type="string"/>\n')
        to.write('<graph id="lineage" edgedefault="directed">\n')
        to.writelines(_node(node) for node in what.nodes())
        for edge in what.edges():
            ends = f"source={_attribute(edge.source)} target={_attribute(edge.target)}"
            to.write(f'<edge {ends}><data key="edge_kind">{edge.kind}</data></edge>\n')
        to.write("</graph>\n</graphml>\n")


def _node(node: Node) -> str:
    said = {"label": caption(node), **node_document(node)}
    data = "".join(f'<data key="{key}">{escape(text, _SPACES)}</data>' for key, text in _texts(said))
    return f"<node id={_attribute(node.id)}>{data}</node>\n"


def _texts(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in said.items():
        if key in NODE_KEYS and value not in (None, {}):
            plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
            yield key, _allowed(plain)


def _attribute(text: str) -> str:
    return quoteattr(_allowed(text), _SPACES)


def _allowed(text: str) -> str:
    """Return the text with a visible escape for each character that no XML may hold."""
    return _FORBIDDEN.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
