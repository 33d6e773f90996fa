"""The graph as text: equal graphs give equal lines, and the hash over them is the graph's digest.

Left out is what depends on the recording itself: when a thing was recorded, watermarks.
"""

from __future__ import annotations

import hashlib
import json
from json.encoder import encode_basestring as _quoted

from headwater import clock
from headwater.graph.erasure import Erased
from headwater.graph.facts import FacetKey
from headwater.graph.model import Component, Consumption, Pointer, Run
from headwater.graph.values import JSON, canonical


def component_line(found: Component) -> str:
    """Return a component as one line of the graph's digest."""
    age = None if found.max_age is None else str(found.max_age)
    return canonical(["component", found.name, found.description, found.owner, found.tags, age])


def run_line(found: Run) -> str:
    """Return a run as one line of the graph's digest."""
    ended = None if found.ended_at is None else clock.isoformat(found.ended_at)
    single = [
        found.component,
        found.status,
        clock.isoformat(found.started_at),
        ended,
        found.commit,
        found.source,
        found.error,
    ]
    said = ["run", found.id, *single, found.params, found.triggers, *_erased(found.erased)]
    return json.dumps(said, ensure_ascii=False, sort_keys=True)


def pointer_line(found: Pointer) -> str:
    """Return a pointer and its produced edge as one line of the graph's digest."""
    produced = None if found.produced_at is None else clock.isoformat(found.produced_at)
    said = ["pointer", found.id, found.name, found.type, found.digest, produced, found.run, *_erased(found.erased)]
    return canonical(said)


def _erased(erased: Erased | None) -> list[JSON]:
    """Return what a line says of an erasure; a line of what is not erased is as it was before there were erasures."""
    return [] if erased is None else [[clock.isoformat(erased.at), erased.request]]


def consumption_line(found: Consumption) -> str:
    """Return a consumed edge as one line of the graph's digest."""
    claim = found.claim
    at = None if claim.at is None else clock.isoformat(claim.at)
    return canonical(["consumed_by", found.run, found.state, claim.name, at, claim.digest, claim.state])


def facet_id(key: FacetKey) -> str:
    """Return the short name under which stores keep, and sort, a facet."""
    said = f'["{key.subject}",{_quoted(key.owner)},{_quoted(key.name)},{_quoted(key.key)}]'
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def facet_line(key: FacetKey, value: JSON) -> str:
    """Return a facet as one line of the graph's digest."""
    return canonical(["facet", *key, value])
