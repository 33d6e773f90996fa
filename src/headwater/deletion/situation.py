"""What a deletion finds: everything that derives from the subjects of all open requests, and what is known of it.

Frozen data, read from a store by `survey`; everything after it is pure. Knows no store and no policy.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain
from statistics import median
from typing import Any, NamedTuple, TypeAlias

from headwater.deletion.numbering import Numbering
from headwater.graph.facts import Status
from headwater.graph.model import Node, Pointer, Run
from headwater.graph.store import Name

Label: TypeAlias = tuple[str, str]

_SLOW_SHARE = 0.9
_STATUS = {status: status.value for status in Status}


@dataclass(frozen=True, slots=True)
class Target:
    """What one request is to forget: whole states by id, and all rows with some labels."""

    request: str
    states: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()


class Interval(NamedTuple):
    """How long runs of one component took: how many were looked at, their median and 90th percentile in seconds."""

    n: int
    median_s: float
    p90_s: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Interval | None:
        """Return the interval of some durations, by nearest rank; None when there are none."""
        if not seconds:
            return None
        ranked = sorted(seconds)
        return cls(len(ranked), median(ranked), ranked[math.ceil(_SLOW_SHARE * len(ranked)) - 1])


@dataclass(frozen=True, slots=True)
class Stage:
    """What is declared of a component, and how long its runs took.

    `aggregates` and `anonymises` are reasons why nothing personal flows out of it, `shards` in how many parts its
    models are trained, so that one can be retrained alone, `unlearns` how they forget in place.
    """

    aggregates: str | None = None
    anonymises: str | None = None
    shards: int | None = None
    unlearns: str | None = None
    took: Interval | None = None

    @property
    def claim(self) -> str | None:
        """The reason why what it writes holds nothing of what it reads, None when there is none."""
        reasons = [text for text in (self.aggregates, self.anonymises) if text]
        return "; ".join(reasons) or None


UNDECLARED = Stage()


@dataclass(frozen=True)
class Situation:
    """The part of the graph that the targets touch, and what is known of it.

    `nodes` and `links` (the nodes right downstream of each) are the forward closure of all targets, and the makers of
    states that carry their labels. `starts` are the nodes at which each label begins, `rows` the labels of inputs and
    outputs by run and name, `names` what the names of the states stand for now, `untouched` the (produced_at, run) of
    the newest version of a name that lies outside, `stages` what is known of the components.
    """

    targets: tuple[Target, ...]
    nodes: Mapping[str, Node]
    links: Mapping[str, Sequence[str]]
    starts: Mapping[Label, frozenset[str]] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, frozenset[Label]]] = field(default_factory=dict)
    names: Mapping[str, Name] = field(default_factory=dict)
    untouched: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)
    stages: Mapping[str, Stage] = field(default_factory=dict)
    rebinding: bool = False
    watermark: int = 0

    @cached_property
    def numbered(self) -> Numbering:
        """The nodes and links in numbers."""
        return Numbering.of(self.nodes, self.links)

    @cached_property
    def states(self) -> Sequence[Pointer]:
        """The nodes that are states, by id."""
        return [self.numbered.state(place) for place in self.numbered.states]

    @cached_property
    def runs(self) -> Sequence[Run]:
        """The nodes that are runs, by id."""
        return [self.numbered.run(place) for place in self.numbered.runs]

    @cached_property
    def newest(self) -> frozenset[str]:
        """The states that are what their names stand for now; some may lie outside."""
        unmade = (state.id for state in self.states if state.run is None and state.name not in self.names)
        return frozenset(chain((name.newest.state for name in self.names.values()), unmade))

    def stage(self, run: Run) -> Stage:
        """Return what is known of the component of a run."""
        return self.stages.get(run.component or "", UNDECLARED)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what was found: a plan holds for as long as it stays the same.

        Nodes, edges, statuses, contents, labels, what is live and what is declared are in it; durations and the
        watermark are not.
        """
        found = hashlib.sha256()
        found.update("\n".join(chain(self._said(), self._lines())).encode())
        return found.hexdigest()

    def _said(self) -> Iterator[str]:
        yield _text([self.rebinding, [(t.request, sorted(t.states), sorted(t.labels)) for t in self.targets]])
        yield _text(sorted((label, sorted(starts)) for label, starts in self.starts.items()))
        for run, names in sorted(self.rows.items()):
            yield _text([run, sorted((name, sorted(labels)) for name, labels in names.items())])
        for name, stage in sorted(self.stages.items()):
            yield _text([name, stage.aggregates, stage.anonymises, stage.shards, stage.unlearns])

    def _lines(self) -> Iterator[str]:
        newest = self.newest
        for ident, node, near in zip(self.numbered.ids, self.numbered.nodes, self.numbered.near, strict=True):
            labels = _text(node.labels) if node.labels else ""
            if isinstance(node, Pointer):
                said = f"{node.type}\t{node.digest}\t{ident in newest}\t{node.erased is not None}"
            else:
                ended = node.ended_at and node.ended_at.isoformat()
                said = f"{node.component!r}\t{_STATUS[node.status]}\t{node.started_at.isoformat()}\t{ended}"
            yield f"{ident}\t{said}\t{labels}\t{near}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
