"""What differs between two looks at what the subjects touch: runs that began, ended or changed meanwhile. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from headwater.deletion.situation import Situation
from headwater.graph.model import Node, Pointer

Marks = Mapping[str, str]

_MARK = 12


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """A node that is new, changed or gone since."""

    node: str
    what: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {"node": self.node, "what": self.what}


def marks(situation: Situation) -> dict[str, str]:
    """Return what a later look is compared with: a short hash of each node that the subjects touch."""
    return {ident: _mark(node) for ident, node in situation.nodes.items()}


def differences(before: Marks, now: Situation, own: Collection[str] = ()) -> list[Difference]:
    """Return what others changed, sorted; runs of one's `own`, and what they wrote, are none of it."""
    found = [
        Difference(ident, _what(node, before.get(ident)))
        for ident, node in now.nodes.items()
        if before.get(ident) != _mark(node) and not _is_own(node, own)
    ]
    found += [Difference(ident, "is not reached any more") for ident in before.keys() - now.nodes.keys()]
    return sorted(found)


def _what(node: Node, before: str | None) -> str:
    if before is not None:
        return "has changed"
    if isinstance(node, Pointer):
        return "was written meanwhile"
    return f"began meanwhile and is {node.status.value}"


def _is_own(node: Node, own: Collection[str]) -> bool:
    return (node.run if isinstance(node, Pointer) else node.id) in own


def _mark(node: Node) -> str:
    if isinstance(node, Pointer):
        said: tuple[object, ...] = (node.type, node.digest, node.produced_at, node.run)
    else:
        said = (node.component, node.status, node.started_at, node.ended_at)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:_MARK]
