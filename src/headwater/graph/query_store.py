"""The Store, written once over the query catalogue; an Engine (SQLite, Neo4j) runs the queries.

Because both halves of a query have one header, everything here holds for every engine: what differs is in the queries.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, islice
from types import TracebackType
from typing import Self, cast

from headwater import clock
from headwater.errors import UnknownComponent, UnknownPointer, UnknownRun
from headwater.graph import ingest
from headwater.graph.claims import parse_claim
from headwater.graph.deletions import QueryDeletions
from headwater.graph.digest import component_line, consumption_line, facet_line, pointer_line, run_line
from headwater.graph.engine import Engine, Row
from headwater.graph.facts import Annotation, FacetKey, Fact, Status, check_facts
from headwater.graph.metrics.keeping import QueryMetrics
from headwater.graph.model import Component, Consumption, Node, Pointer, Run, annotation_line, component
from headwater.graph.records import decode_annotation, decode_erased, decode_facet
from headwater.graph.schema import migrate
from headwater.graph.store import InputAge, OutputFilter, Page, RunDetail, Subgraph, Suspect, Watermark, joined
from headwater.graph.surveys import QuerySurveys
from headwater.graph.telling import told
from headwater.graph.values import JSON, canonical

_CLOSURES = {True: "trace/upstream", False: "trace/downstream"}
_ROWS_PER_PART = 2_000
_STATUS = {status.value: status for status in Status}
_BEGINNING = datetime.min.replace(tzinfo=clock.EPOCH.tzinfo)
_END = datetime.max.replace(tzinfo=clock.EPOCH.tzinfo)


class QueryStore(QueryDeletions, QuerySurveys):
    """A store on an engine. Opening it brings the schema up to date."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        try:
            migrate(engine)
        except BaseException:
            engine.close()
            raise

    @property
    def metrics(self) -> QueryMetrics:
        """Metrics, kept beside the graph."""
        return QueryMetrics(self.engine)

    def record(self, facts: Iterable[Fact]) -> None:
        """Add the facts, all or none, and bind every reader that they concern."""
        batch = ingest.Batch.of(check_facts(facts))
        needed = batch.buckets()
        if not needed:
            return
        part = self.engine.readers_per_part
        if self._write_locked(needed, lambda tx, locked: ingest.write(tx, batch, locked, part)):
            self.settle()

    def settle(self) -> None:
        """Finish the re-bindings that wait, part by part; a crash in between loses none of them."""
        part = self.engine.readers_per_part
        while self._write_locked(frozenset(), lambda tx, locked: ingest.rebind_next(tx, locked, part)):
            pass

    def _write_locked(self, needed: frozenset[int], work: Callable[..., bool]) -> bool:
        while True:
            try:
                return self.engine.write(partial(work, locked=needed))
            except ingest.MoreLocksNeeded as more:
                needed |= more.buckets

    def resolve(self, reference: str, at: datetime | None = None) -> Pointer:
        """Return the state that a name, a state id or a digest means, the newest at or before `at`."""
        until = _END if at is None else clock.as_utc(at, "at")
        rows = self.engine.read("trace/resolve", reference=reference, at=until)
        if not rows:
            when = "" if at is None else f" at {clock.isoformat(until)}"
            raise UnknownPointer(f"no pointer has the name, id or digest {reference!r}{when}")
        return _pointer(min(rows)[1:])

    def resolve_all(self, references: Sequence[str]) -> Sequence[Pointer]:
        """Return what each of many references means: names first, then state ids, the rest one by one."""
        named = map(_pointer, self.engine.read("trace/newest", names=list(references)))
        found: dict[str, Node] = {pointer.name: pointer for pointer in named}
        found = {**self.sources([ref for ref in references if ref not in found]).nodes, **found}
        pointers = (found.get(reference) for reference in references)
        return [p if isinstance(p, Pointer) else self.resolve(ref) for ref, p in zip(references, pointers, strict=True)]

    def upstream(self, ids: Sequence[str]) -> Subgraph:
        """Return everything that the states and runs were derived from."""
        return self._closure(ids, upstream=True)

    def downstream(self, ids: Sequence[str]) -> Subgraph:
        """Return everything that derives from the states and runs."""
        return self._closure(ids, upstream=False)

    def walk(self, ids: Sequence[str], *, upstream: bool) -> Iterator[Subgraph]:
        """Give what `upstream`, or else `downstream`, returns in parts."""
        if len(ids) > self.engine.starts_at_once:
            yield from self._levels(ids, upstream)
            return
        rows = self.engine.stream(_CLOSURES[upstream], ids=list(ids))
        while part := list(islice(rows, _ROWS_PER_PART)):
            yield _subgraph(part, upstream)

    def sources(self, ids: Sequence[str]) -> Subgraph:
        """Return just these nodes and the edges that lead to them."""
        return _subgraph(self.engine.read("trace/sources", ids=list(ids)), is_upstream=True)

    def targets(self, ids: Sequence[str]) -> Subgraph:
        """Return just these nodes and the edges that lead away from them."""
        return _subgraph(self.engine.read("trace/targets", ids=list(ids)), is_upstream=False)

    def _closure(self, ids: Sequence[str], *, upstream: bool) -> Subgraph:
        """One statement where it shares its work among the starts, else a walk level by level."""
        if len(ids) > self.engine.starts_at_once:
            return joined(self._levels(ids, upstream), upstream=upstream)
        return _subgraph(self.engine.read(_CLOSURES[upstream], ids=list(ids)), upstream)

    def _levels(self, ids: Sequence[str], upstream: bool) -> Iterator[Subgraph]:
        step = self.sources if upstream else self.targets
        seen: set[str] = set()
        frontier = list(dict.fromkeys(ids))
        while frontier:
            found = step(frontier)
            yield found
            seen.update(found.nodes)
            ahead = dict.fromkeys(far for near in found.links.values() for far in near)
            frontier = [node for node in ahead if node not in seen]

    def run(self, run: str) -> RunDetail:
        """Return one run with its inputs, outputs, annotations and metrics."""
        rows = self.engine.read("runs/inspect", run=run)
        if not rows:
            raise UnknownRun(f"no run has the id {run!r}")
        inputs = self.engine.read("runs/inputs", run=run)
        outputs = self.engine.read("runs/outputs", run=run)
        return RunDetail(
            run=_run(rows[0]),
            inputs=[(Consumption(row[2], run, parse_claim(row[3], row[0])), _pointer(row[2:])) for row in inputs],
            outputs=[_pointer(row) for row in outputs],
            annotations=self.annotations([run]),
            facets={key: value for key, value in self.facets([run]).items() if key.subject != "component"},
            metrics=self.metrics.of_run(run),
        )

    def runs(self, page: Page, component: str | None = None) -> Sequence[Run]:
        """Return one page of the runs, newest first."""
        before, before_id = page.before or (_END, "")
        key = {"before": before, "before_id": before_id, "most": page.size}
        if component is None:
            return [_run(row) for row in self.engine.read("runs/recent", **key)]
        rows = self.engine.read("runs/history", component=component, **key)
        if not rows and not self.engine.read("ingest/components", names=[component]):
            raise UnknownComponent(f"no component is named {component!r}")
        return [_run(row) for row in rows]

    def components(self) -> Sequence[Component]:
        """Return all components by name."""
        return [_component(row) for row in self.engine.read("runs/components")]

    def outputs(self, where: OutputFilter, most: int) -> Sequence[Pointer]:
        """Return the produced states that the filter admits, newest first."""
        bounds = {"since": where.since or _BEGINNING, "until": where.until or _END}
        asked = {**bounds, "pattern": _regex(where.pattern), "most": most}
        if where.flagged:
            rows = self.engine.read("rank/flagged", **asked)
        elif where.label is not None:
            rows = self.engine.read("rank/labelled", key=where.label[0], value=canonical(where.label[1]), **asked)
        elif where.components is not None:
            rows = self.engine.read("rank/outputs_of", components=list(where.components), **asked)
        else:
            rows = self.engine.read("rank/outputs", **asked)
        return [_pointer(row) for row in rows]

    def components_of(self, runs: Sequence[str]) -> Sequence[str]:
        """Return the names of the components of these runs, sorted."""
        return [name for (name,) in self.engine.read("rank/components_of", runs=list(runs))]

    def suspects(self, bad: Sequence[str], good: Sequence[str]) -> Sequence[Suspect]:
        """Return the runs upstream of a small slice and its contrast, counted by the database."""
        rows = self.engine.read("rank/suspects", slice_ids=list(bad), contrast_ids=list(good))
        found = self.sources([row[0] for row in rows]).nodes
        return [Suspect(_as_run(found[row[0]]), row[2], row[3], tuple(row[5])) for row in rows]

    def dependencies(self, runs: Sequence[str]) -> Sequence[tuple[str, datetime, Sequence[str]]]:
        """Return for each run its start and the runs whose outputs it read."""
        rows = self.engine.read("rank/dependencies", runs=list(runs))
        return [(run, started_at, sources or []) for run, started_at, sources in rows]

    def input_ages(self, runs: Sequence[str], as_of: datetime | None) -> Sequence[InputAge]:
        """Return how fresh the inputs of these runs were when each run started, or at `as_of`."""
        return [_input_age(row) for row in self.engine.read("runs/stale_inputs", ids=list(runs), as_of=as_of)]

    def newest_runs(self) -> Sequence[str]:
        """Return the id of the newest run of each component."""
        return [run for (run,) in self.engine.read("runs/newest")]

    def search(self, text: str, most: int) -> Sequence[Pointer]:
        """Return the newest state of each name that contains the text."""
        return [_pointer(row) for row in self.engine.read("trace/search", text=text.lower(), most=most)]

    def annotations(self, targets: Sequence[str]) -> Sequence[Annotation]:
        """Return what was said of the states and runs, oldest first."""
        return [decode_annotation(row) for row in self.engine.read("ingest/annotations", targets=list(targets))]

    def facets(self, owners: Sequence[str]) -> Mapping[FacetKey, JSON]:
        """Return what is kept beside the runs of these ids and the components of these names."""
        return dict(map(_facet, self.engine.read("runs/facets", owners=list(owners))))

    def facts(self, runs: Sequence[str] | None = None) -> Iterator[Fact]:
        """Give the facts that these runs, or else all, come to, with their components, facets and annotations."""
        return told(self.engine, runs)

    def unmade(self) -> Iterator[Pointer]:
        """Give every state that no recorded run has made."""
        return (found for row in self.engine.stream("store/pointers") if (found := _pointer(row)).run is None)

    def holders(self, digests: Sequence[str]) -> Sequence[Pointer]:
        """Return the states whose content has one of these digests, by digest and id."""
        return [_pointer(row) for row in self.engine.read("store/holders", digests=list(digests))]

    def watermark(self) -> Watermark:
        """Return how many changes have been recorded, and whether a large re-binding is under way."""
        [(position, waiting)] = self.engine.read("store/watermark")
        return Watermark(position, waiting > 0)

    def digest(self) -> str:
        """Return the SHA-256 of the graph's sorted nodes, properties and edges, as hexadecimal text."""
        found = hashlib.sha256()
        for line in self._lines():
            found.update(line.encode())
            found.update(b"\n")
        return found.hexdigest()

    def _lines(self) -> Iterator[str]:
        """The graph as text: equal graphs give equal lines in equal order."""
        for row in self.engine.stream("store/components"):
            yield component_line(_component(row))
        for row in self.engine.stream("store/runs"):
            yield run_line(_run(row))
        for row in self.engine.stream("store/pointers"):
            yield pointer_line(_pointer(row))
        rows = self.engine.stream("store/consumptions")
        for run, claims in groupby(rows, key=lambda row: row[0]):
            bound = [Consumption(state, run, parse_claim(name, claim)) for _, state, name, claim in claims]
            yield from sorted(map(consumption_line, bound))
        known = (decode_annotation(row[:-1]) for row in self.engine.stream("store/annotations") if row[-1])
        for _, notes in groupby(known, lambda note: note.target):
            yield from sorted(f"{canonical(note.target)} {annotation_line(note)}" for note in notes)
        for row in self.engine.stream("store/facets"):
            yield facet_line(*_facet(row))

    def about(self) -> Mapping[str, str | int]:
        """Return the database's name and version, and the version of the schema in it."""
        [(schema,)] = self.engine.read("schema/version")
        return {"software": self.engine.software(), "schema": schema}

    def stats(self) -> Mapping[str, int]:
        """Return how many components, runs, pointers and edges there are."""
        [counts] = self.engine.read("store/stats")
        return dict(
            zip(("components", "runs", "pointers", "consumed_by", "produced", "annotations"), counts, strict=True)
        )

    def close(self) -> None:
        """Release the engine's connections."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _facet(row: Row) -> tuple[FacetKey, JSON]:
    key, (_, text) = decode_facet(row)
    return key, json.loads(text)


def _component(row: Row) -> Component:
    name, description, owner, tags, max_age_us = row
    return component(name, {"description": description, "owner": owner, "tags": tags, "max_age_us": max_age_us})


def _pointer(row: Row) -> Pointer:
    ident, name, type_, digest, run, produced_at, flagged, labels, erased = row
    return Pointer(ident, name, type_, digest, produced_at, run, bool(flagged), labels or {}, decode_erased(erased))


def _run(row: Row) -> Run:
    ident, component, status, *between, flagged, labels, erased = row
    marks = (bool(flagged), labels or {}, decode_erased(erased))
    return Run._make((ident, component, Status(status), *between, *marks))


def _as_run(node: Node) -> Run:
    assert isinstance(node, Run)
    return node


def _input_age(row: Row) -> InputAge:
    run, at, state, _, produced, maker, _, status, triggers, max_age_us, fresher_state, fresher_run = row
    return InputAge(
        run=run,
        judged_at=at,
        state=state,
        produced_at=produced,
        maker=maker,
        maker_status=None if status is None else Status(status),
        maker_triggers=triggers or {},
        max_age=None if max_age_us is None else timedelta(microseconds=max_age_us),
        fresher_state=fresher_state,
        fresher_run=fresher_run,
    )


def _subgraph(rows: Iterable[Row], is_upstream: bool) -> Subgraph:
    nodes: dict[str, Node] = {}
    links: dict[str, Sequence[str]] = {}
    # One object for all mentions of an id: to look it up then takes no comparison of texts, nor memory of its own.
    same = cast("Callable[[str, str], str]", {}.setdefault)
    for (
        ident,
        kind,
        name,
        type_,
        digest,
        run,
        produced,
        stage,
        status,
        started,
        ended,
        flagged,
        labels,
        erased,
        far_ids,
    ) in rows:
        node = same(ident, ident)
        links[node] = [same(far, far) for far in far_ids] if far_ids else []
        marks = (flagged, labels or {}, decode_erased(erased))
        if kind == "pointer":
            maker = run and same(run, run)
            nodes[node] = Pointer(node, same(name, name), type_, digest, produced, maker, *marks)
        else:
            nodes[node] = Run(node, stage, _STATUS[status], started, ended, None, None, None, {}, {}, *marks)
    return Subgraph(nodes, links, is_upstream)


def _regex(glob: str | None) -> str:
    """Return a glob (`*` any text, `?` one character) as a regular expression that Python and Java read alike."""
    if glob is None:
        return ""
    parts = {"*": ".*", "?": "."}
    return "(?s)" + "".join(parts.get(char) or re.escape(char) for char in glob)
