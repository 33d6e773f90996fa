"""Ranking the runs behind a slice of bad outputs, against the good ones of the same components and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from headwater.errors import UsageError
from headwater.graph import ranking
from headwater.graph.answer import Document, node_document
from headwater.graph.model import Pointer, Run
from headwater.graph.ranking import FORMULAS
from headwater.graph.store import OutputFilter, Store

Slice: TypeAlias = Sequence[str] | OutputFilter

SMALL_SLICE = 32
MOST_GROUPS = 1_000
MOST_MEMBERS = 100
DEFAULT_FORMULA = "ochiai"
WITHOUT_CONTRAST = "frequency"


@dataclass(frozen=True, slots=True)
class SuspectGroup:
    """Runs that are in the traces of exactly the same outputs, with their score and counts.

    `size` counts them; `runs` are the earliest hundred.
    """

    position: int
    score: float
    ef: int
    nf: int
    ep: int
    np: int
    size: int
    runs: tuple[Run, ...]

    def to_dict(self) -> Document:
        """Return the JSON document of the group; an infinite score is null."""
        counts = {"ef": self.ef, "nf": self.nf, "ep": self.ep, "np": self.np}
        score = self.score if self.score != float("inf") else None
        return {
            "position": self.position,
            "score": score,
            **counts,
            "size": self.size,
            "runs": [node_document(run) for run in self.runs],
        }


@dataclass(frozen=True, slots=True)
class Ranking:
    """The suspects by the formula, and the paper's ranking by frequency beside it: the first thousand groups of each.

    `is_complete` is false when the slice or its contrast was cut at the limit on outputs.
    """

    formula: str
    slice_ids: tuple[str, ...]
    contrast_size: int
    suspects: tuple[SuspectGroup, ...]
    by_frequency: tuple[SuspectGroup, ...]
    is_complete: bool = True
    watermark: int = 0

    def to_dict(self) -> Document:
        """Return the JSON document that the command line and HTTP give."""
        return {
            "formula": self.formula,
            "slice": list(self.slice_ids),
            "contrast_size": self.contrast_size,
            "suspects": [group.to_dict() for group in self.suspects],
            "by_frequency": [group.to_dict() for group in self.by_frequency],
            "complete": self.is_complete,
            "truncated": None if self.is_complete else {"reason": "nodes", "frontier": []},
            "watermark": self.watermark,
        }


def rank(
    store: Store,
    bad: Slice,
    contrast: Slice | None = None,
    formula: str | None = None,
    most_outputs: int = 20_000,
) -> Ranking:
    """Return the runs behind the outputs `bad` (references, or a filter), most suspicious first.

    The contrast is given, or the outputs of the same components in the same time. Without contrast `frequency`
    stands in for the default `ochiai`. Cost: one closure of all outputs, then a bitset a node; never a walk an output.
    """
    if formula is not None and formula not in FORMULAS:
        raise UsageError(f"no formula is named {formula!r}", hint=f"use one of {', '.join(FORMULAS)}")
    mark = store.watermark()
    slice_ = _select(store, bad, most_outputs)
    if not slice_:
        return Ranking(formula or DEFAULT_FORMULA, (), 0, (), (), watermark=mark.position)
    good = _select(
        store, contrast if contrast is not None else _same_time(store, bad, slice_), most_outputs + len(slice_)
    )
    inside = {p.id for p in slice_}
    good = [p for p in good if p.id not in inside][:most_outputs]
    chosen = formula or (DEFAULT_FORMULA if good else WITHOUT_CONTRAST)
    suspects = _suspects(store, slice_, good)
    return Ranking(
        formula=chosen,
        slice_ids=tuple(p.id for p in slice_),
        contrast_size=len(good),
        suspects=suspects.ranked(store, chosen),
        by_frequency=suspects.ranked(store, "frequency"),
        is_complete=len(slice_) < most_outputs and len(good) < most_outputs and not mark.rebinding,
        watermark=mark.position,
    )


def review(store: Store, formula: str | None = None) -> Ranking:
    """Return the runs behind all flagged outputs: the ranking of everything that somebody complained about."""
    return rank(store, OutputFilter(flagged=True), formula=formula)


def _select(store: Store, which: Slice, most: int) -> Sequence[Pointer]:
    if isinstance(which, OutputFilter):
        return store.outputs(which, most)
    found = {pointer.id: pointer for pointer in store.resolve_all(which)}
    return list(found.values())


def _same_time(store: Store, bad: Slice, slice_: Sequence[Pointer]) -> OutputFilter:
    """The contrast of section 5: outputs of the same components in the same window; other outputs are no comparison."""
    components = store.components_of([p.run for p in slice_ if p.run])
    times: list[datetime] = [p.produced_at for p in slice_ if p.produced_at]
    window = bad if isinstance(bad, OutputFilter) else OutputFilter()
    return OutputFilter(
        components=components,
        since=window.since or min(times, default=None),
        until=window.until or max(times, default=None),
    )


@dataclass(frozen=True, slots=True)
class _Suspects:
    """The spectra of the runs behind a slice, against its contrast, and when each run started."""

    spectra: Sequence[ranking.Spectrum[str]]
    started_at: Mapping[str, datetime]
    n_bad: int
    n_good: int

    def ranked(self, store: Store, formula: str) -> tuple[SuspectGroup, ...]:
        """Return the first groups by a formula, with the runs' details."""
        found = ranking.rank(self.spectra, self.n_bad, self.n_good, formula, order=self._order)[:MOST_GROUPS]
        shown = [run for group in found for run in group.members[:MOST_MEMBERS]]
        nodes = store.sources(shown).nodes
        runs = {ident: node for ident, node in nodes.items() if isinstance(node, Run)}
        return tuple(
            SuspectGroup(
                position=position,
                score=g.score,
                ef=g.ef,
                nf=g.nf,
                ep=g.ep,
                np=g.np,
                size=len(g.members),
                runs=tuple(runs[run] for run in g.members[:MOST_MEMBERS]),
            )
            for position, g in enumerate(found, 1)
        )

    def _order(self, run: str) -> tuple[datetime, str]:
        return self.started_at[run], run


def _suspects(store: Store, bad: Sequence[Pointer], good: Sequence[Pointer]) -> _Suspects:
    """Let the database count for a small slice; take a large one's closure here, once, among runs alone."""
    bad_ids, good_ids = [p.id for p in bad], [p.id for p in good]
    if len(bad) + len(good) <= SMALL_SLICE:
        found = store.suspects(bad_ids, good_ids)
        spectra = [ranking.Spectrum(s.run.id, s.ef, s.ep, s.spectrum) for s in found if s.ef]
        return _Suspects(spectra, {s.run.id: s.run.started_at for s in found}, len(bad), len(good))
    edges = [(p.run, p.id) for p in (*bad, *good) if p.run is not None]
    started_at: dict[str, datetime] = {}
    frontier = list(dict.fromkeys(run for run, _ in edges))
    while frontier:
        steps = store.dependencies(frontier)
        started_at.update((run, at) for run, at, _ in steps)
        edges += [(source, run) for run, _, sources in steps for source in sources]
        frontier = list({source for _, _, sources in steps for source in sources} - started_at.keys())
    spectra = [s for s in ranking.spectra(bad_ids, good_ids, edges, started_at.keys()) if s.ef]
    return _Suspects(spectra, started_at, len(bad), len(good))
