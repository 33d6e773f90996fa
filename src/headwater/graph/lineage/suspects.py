"""Ranking the runs behind a slice of bad outputs, against the good ones of the same components and time."""

from __future__ import annotations

from collections.abc import Sequence
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
DEFAULT_FORMULA = "ochiai"
WITHOUT_CONTRAST = "frequency"


@dataclass(frozen=True, slots=True)
class SuspectGroup:
    """Runs that are in the traces of exactly the same outputs, earliest first, with their score and counts."""

    position: int
    score: float
    ef: int
    nf: int
    ep: int
    np: int
    runs: tuple[Run, ...]

    def to_dict(self) -> Document:
        """Return the JSON document of the group; an infinite score is null."""
        counts = {"ef": self.ef, "nf": self.nf, "ep": self.ep, "np": self.np}
        score = self.score if self.score != float("inf") else None
        return {"position": self.position, "score": score, **counts, "runs": [node_document(run) for run in self.runs]}


@dataclass(frozen=True, slots=True)
class Ranking:
    """The suspects by the formula, and the paper's ranking by frequency beside it.

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
    stands in for the
    default `ochiai`. Cost: one closure of all outputs, then a bitset a node; never a walk an output.
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
    bad_ids = tuple(p.id for p in slice_)
    inside = set(bad_ids)
    good_ids = tuple(p.id for p in good if p.id not in inside)[:most_outputs]
    chosen = formula or (DEFAULT_FORMULA if good_ids else WITHOUT_CONTRAST)
    suspects = _suspects(store, bad_ids, good_ids)
    return Ranking(
        formula=chosen,
        slice_ids=bad_ids,
        contrast_size=len(good_ids),
        suspects=_grouped(suspects, len(bad_ids), len(good_ids), chosen),
        by_frequency=_grouped(suspects, len(bad_ids), len(good_ids), "frequency"),
        is_complete=len(slice_) < most_outputs and len(good_ids) < most_outputs and not mark.rebinding,
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


def _suspects(store: Store, bad: Sequence[str], good: Sequence[str]) -> list[tuple[Run, ranking.Spectrum[str]]]:
    """Let the database rank a small slice; take a large one's closure here, once."""
    if len(bad) + len(good) <= SMALL_SLICE:
        return [(s.run, ranking.Spectrum(s.run.id, s.ef, s.ep, s.spectrum)) for s in store.suspects(bad, good)]
    found = store.upstream([*bad, *good])
    runs = {node.id: node for node in found.nodes.values() if isinstance(node, Run)}
    edges = [(e.source, e.target) for e in found.edges]
    return [(runs[s.node], s) for s in ranking.spectra(bad, good, edges, set(runs))]


def _grouped(
    suspects: list[tuple[Run, ranking.Spectrum[str]]], n_slice: int, n_contrast: int, formula: str
) -> tuple[SuspectGroup, ...]:
    runs = {run.id: run for run, _ in suspects}
    groups = ranking.rank(
        [spectrum for _, spectrum in suspects], n_slice, n_contrast, formula, order=lambda run: runs[run].order
    )
    return tuple(
        SuspectGroup(position, g.score, g.ef, g.nf, g.ep, g.np, tuple(runs[run] for run in g.members))
        for position, g in enumerate(groups, 1)
    )
