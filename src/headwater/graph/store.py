"""What a store is: it takes facts and gives subgraphs, in the domain's words. No SQL and no Cypher in any signature.

`headwater.testing.StoreConformance` is the contract; a backend that passes it is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from headwater.graph.facts import Annotation, FacetKey, Fact, Status
from headwater.graph.measures import Measured
from headwater.graph.model import Component, Consumption, Edge, Node, Pointer, Run
from headwater.graph.values import JSON


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Nodes by id, and the nodes next to each in the direction of the walk, which was upstream or downstream."""

    nodes: Mapping[str, Node]
    links: Mapping[str, Sequence[str]]
    is_upstream: bool

    @property
    def edges(self) -> list[Edge]:
        """The links as edges, which point with the data. One may lead to a node outside: then the walk ended there."""
        to_pointer, to_run = ("produced", "consumed_by") if self.is_upstream else ("consumed_by", "produced")
        kinds = {ident: to_pointer if isinstance(node, Pointer) else to_run for ident, node in self.nodes.items()}
        ends = ((near, far, kinds[near]) for near, others in self.links.items() for far in others)
        if self.is_upstream:
            return [_edge((far, near, kind)) for near, far, kind in ends]
        return list(map(_edge, ends))


# Without the call of a function in Python: a trace makes tens of thousands of them.
_edge: Callable[[tuple[str, str, str]], Edge] = partial(tuple.__new__, Edge)


def joined(parts: Iterable[Subgraph], *, upstream: bool) -> Subgraph:
    """Return the parts of one walk as a whole."""
    nodes: dict[str, Node] = {}
    links: dict[str, Sequence[str]] = {}
    for part in parts:
        nodes.update(part.nodes)
        links.update(part.links)
    return Subgraph(nodes, links, upstream)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list that is sorted newest first: `size` rows behind the key `before` = (time, id)."""

    size: int = 50
    before: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class OutputFilter:
    """Which produced states.

    Of these components, in [since, until], names with `pattern` (a glob), flagged or with a label.
    """

    components: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    pattern: str | None = None
    flagged: bool | None = None
    label: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Watermark:
    """How much a store had recorded: `position` grows with every change.

    `rebinding` while a large re-binding is under way.
    """

    position: int
    rebinding: bool


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with everything that is known of it."""

    run: Run
    inputs: Sequence[tuple[Consumption, Pointer]]
    outputs: Sequence[Pointer]
    annotations: Sequence[Annotation]
    facets: Mapping[FacetKey, JSON]
    metrics: Sequence[Measured] = ()


@dataclass(frozen=True, slots=True)
class Suspect:
    """A run in the traces of `ef` bad and `ep` good outputs; `spectrum` lists those outputs' ids, sorted."""

    run: Run
    ef: int
    ep: int
    spectrum: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InputAge:
    """What a run read, and what was fresher at `judged_at`.

    A newer state of the name, a newer run of the maker's component.
    """

    run: str
    judged_at: datetime
    state: str
    produced_at: datetime | None
    maker: str | None
    maker_status: Status | None
    maker_triggers: Mapping[str, Mapping[str, JSON]]
    max_age: timedelta | None
    fresher_state: str | None
    fresher_run: str | None


class Version(NamedTuple):
    """One produced state of a name, and when it came to be seen."""

    state: str
    name: str
    produced_at: datetime
    run: str
    is_erased: bool = False

    @property
    def order(self) -> tuple[datetime, str]:
        """Its place among the versions of its name; the newest has the greatest."""
        return self.produced_at, self.run


class Name(NamedTuple):
    """The newest produced state of a name, and how many were produced."""

    newest: Version
    versions: int


class Store(Protocol):
    """A lineage graph that lasts. Every method may raise a StoreError; all are safe to call from many threads."""

    def record(self, facts: Iterable[Fact]) -> None:
        """Add the facts, all or none; recording a fact again changes nothing. Returns when they are durable."""
        ...

    def resolve(self, reference: str, at: datetime | None = None) -> Pointer:
        """Return the state that a name (its newest, at or before `at`), a state id or a digest means.

        Raises UnknownPointer. Unfinished states and external ones answer when no produced one does.
        """
        ...

    def resolve_all(self, references: Sequence[str]) -> Sequence[Pointer]:
        """Return what each of many references means, as `resolve` does, with few questions to the database."""
        ...

    def upstream(self, ids: Sequence[str]) -> Subgraph:
        """Return everything that the states and runs were derived from, with all edges between."""
        ...

    def downstream(self, ids: Sequence[str]) -> Subgraph:
        """Return everything that derives from the states and runs, with all edges between."""
        ...

    def walk(self, ids: Sequence[str], *, upstream: bool) -> Iterator[Subgraph]:
        """Give what `upstream`, or else `downstream`, returns in parts, each node once, in constant memory."""
        ...

    def sources(self, ids: Sequence[str]) -> Subgraph:
        """Return just these nodes and the edges that lead to them: one step of a walk upstream."""
        ...

    def targets(self, ids: Sequence[str]) -> Subgraph:
        """Return just these nodes and the edges that lead away from them: one step of a walk downstream."""
        ...

    def run(self, run: str) -> RunDetail:
        """Return one run whole; raises UnknownRun."""
        ...

    def runs(self, page: Page, component: str | None = None) -> Sequence[Run]:
        """Return one page of the runs, newest first; of one component if named (raises UnknownComponent)."""
        ...

    def components(self) -> Sequence[Component]:
        """Return all components by name."""
        ...

    def outputs(self, where: OutputFilter, most: int) -> Sequence[Pointer]:
        """Return the produced states that the filter admits, newest first, `most` at the most."""
        ...

    def components_of(self, runs: Sequence[str]) -> Sequence[str]:
        """Return the names of the components of these runs, sorted."""
        ...

    def suspects(self, bad: Sequence[str], good: Sequence[str]) -> Sequence[Suspect]:
        """Return the runs upstream of a small slice and its contrast, counted by the database."""
        ...

    def dependencies(self, runs: Sequence[str]) -> Sequence[tuple[str, datetime, Sequence[str]]]:
        """Return for each run its start and the runs whose outputs it read: one step upstream among runs."""
        ...

    def input_ages(self, runs: Sequence[str], as_of: datetime | None) -> Sequence[InputAge]:
        """Return how fresh the inputs of these runs were when each run started, or at `as_of`."""
        ...

    def newest_runs(self) -> Sequence[str]:
        """Return the id of the newest run of each component."""
        ...

    def search(self, text: str, most: int) -> Sequence[Pointer]:
        """Return the newest state of each name that contains `text` in any case, by name."""
        ...

    def annotations(self, targets: Sequence[str]) -> Sequence[Annotation]:
        """Return what was said of the states and runs, oldest first."""
        ...

    def facets(self, owners: Sequence[str]) -> Mapping[FacetKey, JSON]:
        """Return what is kept beside the runs of these ids, their inputs and outputs, and components of these names."""
        ...

    def facts(self, runs: Sequence[str] | None = None) -> Iterator[Fact]:
        """Give the facts that these runs, or else all, come to, with their components, facets and annotations.

        In constant memory. All of them recorded in another store give the same digest, whatever that store gets later.
        """
        ...

    def unmade(self) -> Iterator[Pointer]:
        """Give every state that no recorded run has made, in the order of their ids and in constant memory."""
        ...

    def holders(self, digests: Sequence[str]) -> Sequence[Pointer]:
        """Return the states whose content has one of these digests, produced or not, by digest and id."""
        ...

    def watermark(self) -> Watermark:
        """Return how much has been recorded."""
        ...

    def digest(self) -> str:
        """Return the hash of the whole graph: equal on every store that holds the same facts."""
        ...

    def about(self) -> Mapping[str, str | int]:
        """Return what the store runs on: `software`, the database and its version, and the version of its `schema`."""
        ...

    def stats(self) -> Mapping[str, int]:
        """Return how many components, runs, pointers and edges there are."""
        ...

    def close(self) -> None:
        """Release everything; closing again does nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class DeletionStore(Store, Protocol):
    """A store that can forget: what deletions ask of it beyond the graph. The register and the vault are no facts."""

    def labelled(self, labels: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str, tuple[str, str]]]:
        """Return (run, name of an input or output, label) of all that carry one of these labels, sorted."""
        ...

    def data_labels(self, runs: Sequence[str]) -> Mapping[str, Mapping[str, frozenset[tuple[str, str]]]]:
        """Return the labels of the inputs and outputs of these runs: by run, then by name."""
        ...

    def annotated(self, labels: Sequence[tuple[str, str]]) -> Sequence[tuple[str, tuple[str, str]]]:
        """Return (id of a state or run, label) of all that were ever given one of these labels, sorted."""
        ...

    def names(self, names: Sequence[str]) -> Mapping[str, Name]:
        """Return what each of these names stands for now; names of which no state was produced are left out."""
        ...

    def versions(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the ids of the produced states of each of these names that are not erased, the newest first."""
        ...

    def states(self, names: Sequence[str], digests: Sequence[str]) -> Sequence[tuple[str, str, str | None]]:
        """Return (id, name, digest) of every state of these names, and of every produced one with these contents."""
        ...

    def starting(self, prefixes: Sequence[str]) -> Sequence[str]:
        """Return the names that begin with one of these texts, each once, in no order."""
        ...

    def durations(self, components: Sequence[str], most: int) -> Mapping[str, Sequence[float]]:
        """Return the seconds that the newest completed runs of each component took, sorted, `most` at the most."""
        ...

    def has_erasures(self) -> bool:
        """Return whether anything was ever erased."""
        ...

    def salt(self) -> str:
        """Return the salt of this store's erasures, the same from its first use on."""
        ...

    def enter(self, previous: str, entry: str) -> None:
        """Add an entry, a JSON object with its `digest`, behind the one whose digest is `previous` ("" for the first).

        Entering the newest entry again changes nothing. Raises RegisterMoved when another one is the newest.
        """
        ...

    def register(self, after: int = 0) -> Iterator[str]:
        """Give the entries of the register behind the first `after` ones, in order."""
        ...

    def keep(self, request: str, key: str, text: str) -> None:
        """Keep a text for an open request, in the place of what was kept under this key."""
        ...

    def kept(self, request: str | None = None) -> Mapping[tuple[str, str], str]:
        """Return what is kept for one open request, or for all: texts by (request, key)."""
        ...

    def drop(self, request: str) -> None:
        """Forget all that is kept for a request; `scrub` then takes it from the files."""
        ...

    def scrub(self) -> str:
        """Take what was erased or dropped from the store's files; return what is left to do by hand, "" for nothing.

        Raises StoreBusy while somebody reads the files.
        """
        ...
