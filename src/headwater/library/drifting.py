"""Drift: are these data distributed as the reference was? Each column has figures (how far) and a chance (how surely).

A column has drifted when a figure is beyond its threshold AND the difference is no chance, after Holm's correction
over all tests of the run. The first keeps huge data from failing on differences that matter to nobody, the second keeps
small data and many columns from failing on noise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from headwater.errors import UsageError
from headwater.graph.facts import TriggerResult
from headwater.graph.values import JSON
from headwater.library import divergence
from headwater.library.checks import Check, check, keep, share
from headwater.library.columns import Column, columns, names
from headwater.library.profiles import Profile
from headwater.library.references import Reference, resolve
from headwater.library.sketches import CategorySketch, Counts, NumberSketch, Sketch
from headwater.library.verdicts import Finding, rounded, short, verdict

Thresholds: TypeAlias = Mapping[str, float]

# What a normal column shows when its mean moves by 0.45 standard deviations.
THRESHOLDS: Thresholds = {"psi": 0.2, "ks": 0.15, "kl": 0.1}
ALPHA = 0.01
_MOST_FIGURES = 5000
_MOST_NAMED = 5
_LEAST_TOLD = 0.001


class Comparison(NamedTuple):
    """How one column compares with its reference.

    `ks` is None for categories, `p` and `p_ks` are the chances of G and of Kolmogorov-Smirnov, not adjusted; `note`
    says what else changed.
    """

    column: str
    psi: float
    kl: float
    ks: float | None
    p: float
    p_ks: float
    note: str = ""

    def figure(self, measure: str) -> float | None:
        """Return the figure of a measure."""
        return {"psi": self.psi, "kl": self.kl, "ks": self.ks}[measure]


@dataclass(frozen=True, slots=True)
class _Tally:
    """The counts of one column on both sides, in groups with one for missing values, and in all bins."""

    column: str
    groups: tuple[Counts, Counts]
    bins: tuple[Counts, Counts] | None
    note: str


def compare(
    reference: Profile, data: object, only: Iterable[str] | None = None, name: str = "value"
) -> list[Comparison]:
    """Return how the columns compare that the table and the reference have in common and of one kind.

    Without `only`, times are left out, for they go on. Cost: one sort or hash table a column.
    """
    shared = reference.columns.keys() if only is None else only
    tallies = [
        _tally(column, reference.columns[column.name])
        for column in columns(data, only, name)
        if column.name in shared
        and _is_comparable(column, reference.columns.get(column.name), is_named=only is not None)
    ]
    tests = [divergence.likelihood_ratio(*one.groups) for one in tallies]
    chances = divergence.chances([g for g, _ in tests], [freedom for _, freedom in tests])
    distances = [0.0 if one.bins is None else divergence.ks(*one.bins) for one in tallies]
    sizes = [(0, 0) if one.bins is None else (int(one.bins[0].sum()), int(one.bins[1].sum())) for one in tallies]
    chances_ks = divergence.ks_chances(distances, [n for n, _ in sizes], [m for _, m in sizes])
    return [
        Comparison(
            one.column,
            divergence.psi(*one.groups),
            divergence.kl(*one.groups),
            None if one.bins is None else distances[place],
            float(chances[place]),
            float(chances_ks[place]),
            one.note,
        )
        for place, one in enumerate(tallies)
    ]


def drifted(found: Sequence[Comparison], thresholds: Thresholds = THRESHOLDS, alpha: float = ALPHA) -> list[Finding]:
    """Return the columns with a figure beyond its threshold that is no chance, the farthest beyond first.

    Of several such figures of a column the first one in the order of the thresholds is told.
    The chance that any of them has not changed is at most alpha, however many there are and however they depend on each
    other.
    """
    tests = [(one, test) for one in found for test in _tests(one, thresholds)]
    adjusted = divergence.holm([one.p_ks if test == "ks" else one.p for one, test in tests])
    sure = {(one.column, test): float(p) for (one, test), p in zip(tests, adjusted, strict=True) if p <= alpha}
    beyond = [held for one in found if (held := _first_beyond(one, thresholds, sure)) is not None]
    return [finding for _, finding in sorted(beyond, key=lambda held: -held[0])]


def drift(
    variable: str,
    reference: Reference,
    *,
    thresholds: Thresholds = THRESHOLDS,
    alpha: float = ALPHA,
    only: Sequence[str] | None = None,
    name: str = "drift",
) -> Check:
    """Return a trigger that compares a variable with a reference: the profile of the training data, say.

    thresholds: the measures that count, with the figures that are let pass. alpha: the chance of a failure when nothing
    has changed. only: some of the columns, times among them. All figures are kept in the run's facet called `name`.
    Raises UsageError for options that make no sense.
    """
    check_limits(thresholds, alpha)

    def body(data: object) -> TriggerResult:
        base = resolve(reference)
        found = compare(base, data, only, variable)
        keep_figures(name, found)
        return judged(found, thresholds, alpha, absent(base, data, variable))

    return check(name, body, variable)


def check_limits(thresholds: Thresholds, alpha: float) -> None:
    """Raise UsageError for measures that there are not, thresholds without end, and an alpha that is no chance."""
    if not thresholds or set(thresholds) - set(THRESHOLDS) or not all(np.isfinite(list(thresholds.values()))):
        raise UsageError(f"the thresholds {dict(thresholds)!r}", hint=f"give some of {', '.join(THRESHOLDS)}")
    share(alpha, "alpha")


def judged(found: Sequence[Comparison], thresholds: Thresholds, alpha: float, note: str = "") -> TriggerResult:
    """Return the result of a comparison, with the figures of the columns that moved most."""
    if not found:
        raise UsageError("no column can be compared with the reference", hint="see the names and kinds of the columns")
    first = next(iter(thresholds))
    most = max(found, key=lambda one: one.figure(first) or 0.0)
    good = f"{len(found):,} columns as in the reference; most: {most.column} {first} {short(most.figure(first) or 0.0)}"
    value: dict[str, JSON] = {"compared": len(found), "alpha": alpha, "thresholds": {**thresholds}}
    return verdict(drifted(found, thresholds, alpha), good + note, value)


def absent(reference: Profile, data: object, name: str) -> str:
    """Return a remark on the columns of the reference that the table lacks; telling that is the part of `schema`."""
    there = set(names(data, name))
    lacking = [one for one in reference.columns if one not in there]
    return f"; not there: {', '.join(lacking[:_MOST_NAMED])}" if lacking else ""


def keep_figures(name: str, found: Sequence[Comparison]) -> None:
    """Keep the figures of the columns with the current run, of the farthest ones if there are very many."""
    farthest = sorted(found, key=lambda one: -one.psi)[:_MOST_FIGURES]
    document: dict[str, JSON] = {}
    for one in farthest:
        figures = {"psi": rounded(one.psi), "kl": rounded(one.kl), "p": rounded(one.p)}
        document[one.column] = figures if one.ks is None else {**figures, "ks": rounded(one.ks)}
    keep({name: document})


def _tests(one: Comparison, thresholds: Thresholds) -> list[str]:
    """Return which tests the measures stand on: `psi` and `kl` share one."""
    found = ["g"] if {"psi", "kl"} & thresholds.keys() else []
    return [*found, "ks"] if "ks" in thresholds and one.ks is not None else found


def _first_beyond(
    one: Comparison, thresholds: Thresholds, sure: Mapping[tuple[str, str], float]
) -> tuple[float, Finding] | None:
    """Return by how many times its threshold a column is beyond it, and what there is to say."""
    for measure, threshold in thresholds.items():
        figure, p = one.figure(measure), sure.get((one.column, "ks" if measure == "ks" else "g"))
        if figure is not None and p is not None and figure > threshold:
            excess = figure / threshold if threshold else np.inf
            return excess, Finding(one.column, measure, rounded(figure), threshold, p, one.note)
    return None


def _is_comparable(column: Column, sketch: Sketch | None, *, is_named: bool) -> bool:
    if sketch is None or (sketch.kind == "time" and not is_named):
        return False
    return column.kind == sketch.kind or not sketch.count or not len(column.present)


def _tally(column: Column, sketch: Sketch) -> _Tally:
    present, gone = len(column.present), column.missing
    note = _missing_note(sketch, present, gone)
    if not present or not sketch.count:
        both = np.array([sketch.count, sketch.missing]), np.array([present, gone])
        return _Tally(column.name, both, None, note)
    before, after = np.asarray(sketch.counts), sketch.tally(column)
    groups, at = np.unique(sketch.groups(), return_inverse=True)
    united = [np.bincount(at, counts, len(groups)).astype(np.int64) for counts in (before, after)]
    table = np.array([np.append(united[0], sketch.missing), np.append(united[1], gone)])
    table = table[:, table.any(axis=0)]
    bins = None if isinstance(sketch, CategorySketch) else (before, after)
    notes = [note, _moved(sketch, column) if isinstance(sketch, NumberSketch) else _unknown(sketch, column, after)]
    return _Tally(column.name, (table[0], table[1]), bins, ", ".join(filter(None, notes)))


def _missing_note(sketch: Sketch, present: int, gone: int) -> str:
    before, after = sketch.missing / max(1, sketch.missing + sketch.count), gone / max(1, present + gone)
    return f"missing {before:.1%} -> {after:.1%}" if abs(after - before) >= _LEAST_TOLD else ""


def _moved(sketch: NumberSketch, column: Column) -> str:
    with np.errstate(all="ignore"):
        mean = float(np.mean(column.present))
    return "" if sketch.mean is None else f"mean {short(sketch.mean)} -> {short(mean)}"


def _unknown(sketch: CategorySketch, column: Column, after: Counts) -> str:
    """Return which levels are new, where the sketch knows all that the reference had."""
    if not sketch.is_complete or not after[-1]:
        return ""
    names = sketch.unknown(column)
    return f"{after[-1]:,} rows of levels that the reference lacks ({', '.join(names[:3])})"
