"""A subgraph packed as columns: the compact form in which traces of tens of thousands of nodes travel.

`{"upstream": true, "pointers": {"id": [...], "name": [...], ...}, "runs": {...}, "links": [[...], ...]}`: a list a
field, in which each node has its place, and for each node, pointers first, the nodes next to it in the direction of the
walk. A field that is at its default for all nodes is left out. orjson reads and writes it where it is installed: there
are no numbers in it, in which alone orjson differs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain, repeat
from typing import Any

from headwater.graph.erasure import Erased
from headwater.graph.facts import Status
from headwater.graph.model import Node, Pointer, Run
from headwater.graph.store import Subgraph

try:
    import orjson
except ModuleNotFoundError:
    IS_FAST = False
else:
    IS_FAST = True

_COLUMNS = {"type": "object", "additionalProperties": {"type": "array"}}
PACKED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "upstream": {"type": "boolean"},
        "pointers": _COLUMNS,
        "runs": _COLUMNS,
        "links": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
    },
    "required": ["upstream", "pointers", "runs", "links"],
}


def write(document: Any) -> bytes:
    """Return a document that holds packed subgraphs as the text of JSON."""
    if IS_FAST:
        return orjson.dumps(document)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=datetime.isoformat).encode()


def read(text: bytes) -> Any:
    """Return the document that a text holds; raise ValueError if it is no JSON."""
    return orjson.loads(text) if IS_FAST else json.loads(text)


def packed(found: Subgraph) -> dict[str, Any]:
    """Return the subgraph as one document, for `write`: times are still times."""
    pointers = [node for node in found.nodes.values() if isinstance(node, Pointer)]
    runs = [node for node in found.nodes.values() if isinstance(node, Run)]
    links = [found.links[node.id] for nodes in (pointers, runs) for node in nodes]
    return {
        "upstream": found.is_upstream,
        "pointers": _packed(Pointer, pointers),
        "runs": _packed(Run, runs),
        "links": links,
    }


def unpacked(document: Mapping[str, Any]) -> Subgraph:
    """Return the subgraph of a document; raise ValueError if it is none."""
    try:
        pointers, runs = _unpacked(Pointer, document["pointers"]), _unpacked(Run, document["runs"])
        nodes: dict[str, Node] = {node.id: node for node in chain(pointers, runs)}
        links: dict[str, Sequence[str]] = dict(zip(nodes, document["links"], strict=True))
        return Subgraph(nodes, links, document["upstream"])
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError("this is no subgraph") from exc


def _packed(kind: type[Any], nodes: Sequence[Node]) -> dict[str, Sequence[Any]]:
    columns = dict(zip(kind._fields, zip(*nodes, strict=True) if nodes else repeat(()), strict=False))
    defaults = kind._field_defaults
    said = {name: column for name, column in columns.items() if not _is_default(column, defaults, name)}
    return {name: list(map(_PACK[name], column)) if name in _PACK else column for name, column in said.items()}


def _is_default(column: Sequence[Any], defaults: Mapping[str, Any], name: str) -> bool:
    # Defaults are nothing: None, False, an empty mapping. The quick look comes first.
    return name in defaults and not any(column) and column.count(defaults[name]) == len(column)


def _unpacked(kind: type[Any], columns: Mapping[str, Sequence[Any]]) -> list[Any]:
    many = len(columns["id"])
    found = [_column(kind, name, columns, many) for name in kind._fields]
    # Without the call of a function in Python for each node.
    return list(map(partial(tuple.__new__, kind), zip(*found, strict=True)))


def _column(kind: type[Any], name: str, columns: Mapping[str, Sequence[Any]], many: int) -> Iterable[Any]:
    if name in columns:
        column = columns[name]
        return map(_UNPACK[name], column) if name in _UNPACK else column
    return repeat(kind._field_defaults.get(name), many)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _erased(told: Sequence[str] | None) -> Erased | None:
    return None if told is None else Erased(datetime.fromisoformat(told[0]), told[1])


_TIMES = ("produced_at", "started_at", "ended_at")
_PACK: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("labels", "params", "triggers"), dict),
    "status": lambda status: status.value,
    "erased": lambda erased: None if erased is None else list(erased),
}
_UNPACK: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_TIMES, _time),
    "status": {status.value: status for status in Status}.__getitem__,
    "erased": _erased,
}
