"""What an exporter is: it writes a graph, or the part of it that an answer holds, in a format that others read.

Knows the store's face and no format. Formats that carry claims start from `Exported.facts`, pictures of the bound graph
from `nodes` and `edges`; all of them stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import ClassVar, Protocol, TextIO, TypeAlias, TypeVar

from headwater import ids
from headwater.graph.answer import Answer
from headwater.graph.facts import Fact, Input, RunFact
from headwater.graph.model import Edge, Node, Run
from headwater.graph.store import Page, Store
from headwater.loaders.kinds import Kind, by_name, load

GROUP = "headwater.exporters"
PAGE = 500

T = TypeVar("T")
Bindings: TypeAlias = Mapping[tuple[str, Input], str]


@dataclass(frozen=True, slots=True)
class Exported:
    """What is to be written: a store's whole graph, or the runs of an answer with all that they read and wrote."""

    store: Store
    answer: Answer | None = None

    def facts(self) -> Iterator[Fact]:
        """Give the facts, in constant memory; those of one run follow each other.

        In an answer, an input that a run outside of it made names that state: elsewhere its time would find another.
        """
        if self.answer is None:
            yield from self.store.facts()
            return
        runs = [run.id for run in self.answer.runs()]
        inside = frozenset(runs)
        for page in pages(self.store.facts(runs)):
            bound = bindings(self.store, page)
            yield from (_pinned(fact, bound, inside) for fact in page)

    def nodes(self) -> Iterator[Node]:
        """Give every run and state once, in constant memory: runs with what they made, then what no run made."""
        if self.answer is not None:
            yield from self.answer
            return
        for page in self._run_pages():
            yield from page
            made = _far(self.store.targets([run.id for run in page]).links)
            yield from self.store.sources(sorted(made)).nodes.values()
        yield from self.store.unmade()

    def edges(self) -> Iterator[Edge]:
        """Give every arrow of the path once, in constant memory."""
        if self.answer is not None:
            yield from sorted(self.answer.edges)
            return
        for page in self._run_pages():
            runs = [run.id for run in page]
            yield from self.store.sources(runs).edges
            yield from self.store.targets(runs).edges

    def _run_pages(self) -> Iterator[Sequence[Run]]:
        before = None
        while page := self.store.runs(Page(PAGE, before)):
            yield page
            before = page[-1].started_at, page[-1].id


class Exporter(Protocol):
    """Writes one format: `headwater export KIND`.

    `loss` says in one sentence what the format cannot carry; it is empty when an import of the export gives the same
    digest. Others add kinds under the entry-point group `headwater.exporters`.
    """

    kind: ClassVar[str]
    loss: ClassVar[str]

    def write(self, what: Exported, to: TextIO) -> None:
        """Write `what`, in memory that does not grow with it. Files are opened as UTF-8 with newline=""."""
        ...


_PLACE = "headwater.loaders.exports"
_OWN: tuple[Kind, ...] = (
    Kind("csv", f"{_PLACE}.table:CsvExporter", "one table that the kind `table` reads back"),
    Kind("cypher", f"{_PLACE}.cypher:CypherExporter", "a script that makes the graph in a Neo4j database"),
    Kind("facts", f"{_PLACE}.facts:FactsExporter", "Headwater's own facts, one a line, without any loss"),
    Kind("graphml", f"{_PLACE}.graphml:GraphmlExporter", "the graph of runs and states, for Gephi and networkx"),
    Kind("openlineage", f"{_PLACE}.openlineage:OpenLineageExporter", "events of OpenLineage, one a line"),
    Kind("prov", f"{_PLACE}.prov:ProvExporter", "a PROV-JSON document of the W3C's provenance model"),
)


def export_kinds() -> Mapping[str, Kind]:
    """Return every kind that can be exported, by name."""
    return by_name(GROUP, _OWN)


def exporter(kind: str) -> Exporter:
    """Return the exporter of a kind. Raises UnknownKind and MissingExtra."""
    found: Exporter = load(kind, export_kinds())()
    return found


def pages(items: Iterable[T], size: int = PAGE) -> Iterator[list[T]]:
    """Give the items in lists of `size`, the last one shorter."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page


def bindings(store: Store, facts: Iterable[Fact]) -> Bindings:
    """Return the state that each input of these facts is bound to in the store, by (run id, input)."""
    claims = [(fact.id, claim) for fact in facts if isinstance(fact, RunFact) for claim in fact.inputs]
    links = store.sources(list({run for run, _ in claims})).links
    states: dict[tuple[str, str], list[str]] = {}
    for run, bound in links.items():
        for state in bound:
            name, _ = ids.split_state_id(state) or (state, "")
            states.setdefault((run, name), []).append(state)
    found = {(run, claim): states[run, claim.name][0] for run, claim in claims if (run, claim.name) in states}
    for run in {run for run, claim in claims if len(states.get((run, claim.name), ())) > 1}:
        found.update({(run, bound.claim): bound.state for bound, _ in store.run(run).inputs})
    return found


def _far(links: Mapping[str, Sequence[str]]) -> set[str]:
    return {far for others in links.values() for far in others}


def _pinned(fact: Fact, bound: Bindings, inside: frozenset[str]) -> Fact:
    """Return the fact with each input that a run outside made as a claim of exactly that state."""
    if not isinstance(fact, RunFact) or not fact.inputs:
        return fact
    return replace(fact, inputs=tuple(_pin(claim, bound.get((fact.id, claim)), inside) for claim in fact.inputs))


def _pin(claim: Input, state: str | None, inside: frozenset[str]) -> Input:
    _, maker = ids.split_state_id(state or "") or ("", ids.EXTERNAL)
    if claim.state is not None or maker in inside or ids.is_external(maker):
        return claim
    return replace(claim, digest=None, state=state)
