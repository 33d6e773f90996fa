"""The distribution of one column as bins with counts, and how many values of another column fall into them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from headwater.graph.values import JSON
from headwater.library.columns import Column, Kind, Numbers

BINS = 40
GROUPS = 10
LEVELS = 50
_MOST_LEVEL = 200

Counts: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NumberSketch:
    """Bins of a column of numbers or times.

    Bin i holds the values in (edges[i - 1], edges[i]]; the first holds those below all values of the column, the last
    those above. Between them lie up to BINS bins of equal counts; a value that fills more than one has one of its own.
    Infinities are counted in the outermost bins; `mean` and `deviation` are of finite values.
    """

    kind: Kind
    count: int
    missing: int
    infinite: int
    mean: float | None
    deviation: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def tally(self, column: Column) -> Counts:
        """Return how many values of another column fall into each bin."""
        return _tally(np.sort(column.present), np.asarray(self.edges))

    def groups(self) -> Counts:
        """Return for each bin which of GROUPS groups of equal counts it belongs to; the outermost stand alone.

        A bin goes where its middle lies, so that a single value which holds more than a tenth is a group of its own.
        """
        counts = np.asarray(self.counts)
        middle = (np.cumsum(counts) - counts / 2) / max(1, counts.sum())
        found = np.minimum((GROUPS * middle).astype(np.int64), GROUPS - 1)
        found[0], found[-1] = -1, GROUPS
        return found if len(found) > 1 else np.zeros(1, np.int64)

    def quantile(self, share: float) -> float:
        """Return the edge below which at least this share of the values lies."""
        reached = np.cumsum(self.counts) >= share * self.count
        return self.edges[min(int(np.argmax(reached)), len(self.edges) - 1)]

    def to_dict(self) -> dict[str, JSON]:
        """Return the JSON document."""
        return cast("dict[str, JSON]", asdict(self))


@dataclass(frozen=True, slots=True)
class CategorySketch:
    """The LEVELS most frequent levels of a column with their counts; `rest` are the rows of all others."""

    count: int
    missing: int
    rest: int
    levels: Mapping[str, int]
    kind: Kind = "category"

    @property
    def counts(self) -> tuple[int, ...]:
        """The counts of the levels, and of all others."""
        return (*self.levels.values(), self.rest)

    @property
    def is_complete(self) -> bool:
        """Whether it knows every level of the column, so that another one is new."""
        return self.rest == 0

    def tally(self, column: Column) -> Counts:
        """Return how many values of another column have each level, and how many none of them."""
        counts, names = _levels(column)
        places = {name: place for place, name in enumerate(self.levels)}
        found = np.zeros(len(places) + 1, np.int64)
        np.add.at(found, [places.get(name, len(places)) for name in names], counts)
        return found

    def unknown(self, column: Column) -> list[str]:
        """Return the levels of another column that this one does not name, the most frequent first."""
        counts, names = _levels(column)
        return [names[place] for place in np.argsort(-counts, kind="stable") if names[place] not in self.levels]

    def groups(self) -> Counts:
        """Return a group for each level."""
        return np.arange(len(self.levels) + 1)

    def to_dict(self) -> dict[str, JSON]:
        """Return the JSON document."""
        return cast("dict[str, JSON]", asdict(self))


Sketch: TypeAlias = NumberSketch | CategorySketch


def sketch(column: Column) -> Sketch:
    """Return the sketch of a column."""
    values = column.present
    missing = column.missing
    if column.kind == "category":
        return _category(column, len(values), missing)
    values = np.sort(values)
    finite = values[np.searchsorted(values, -np.inf, "right") : np.searchsorted(values, np.inf, "left")]
    edges = _edges(finite)
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = (float(finite.mean()), float(finite.std())) if len(finite) else (None, None)
    counts = tuple(_tally(values, edges).tolist())
    infinite = len(values) - len(finite)
    return NumberSketch(
        column.kind, len(values), missing, infinite, _rounded(mean), _rounded(deviation), tuple(edges.tolist()), counts
    )


def sketch_from(document: Mapping[str, Any]) -> Sketch:
    """Return the sketch of a document; raises KeyError, TypeError or ValueError for one that is none."""
    if document["kind"] == "category":
        return CategorySketch(**{**document, "levels": dict(document["levels"])})
    edges, counts = tuple(map(float, document["edges"])), tuple(map(int, document["counts"]))
    if len(counts) != len(edges) + 1:
        raise ValueError(f"{len(edges)} edges and {len(counts)} counts")
    return NumberSketch(**{**document, "edges": edges, "counts": counts})


def _tally(ordered: Numbers, edges: Numbers) -> Counts:
    below = np.searchsorted(ordered, edges, "right")
    return np.diff(below, prepend=0, append=len(ordered))


def _edges(ordered: Numbers) -> Numbers:
    """Return the edges between bins of equal counts of finite, sorted values, with as few digits as tell them apart."""
    if not len(ordered):
        return ordered
    places = np.unique(np.arange(1, BINS) * len(ordered) // BINS)
    places = places[places > 0]
    lower, upper = ordered[places - 1], ordered[places]
    repeated = np.unique(lower[lower == upper])
    apart = lower != upper
    below = np.nextafter(np.append(repeated, ordered[0]), -np.inf)
    found = np.unique(np.concatenate([below, repeated, ordered[-1:], _between(lower[apart], upper[apart])]))
    return np.asarray(found[np.isfinite(found)], dtype=np.float64)


def _between(lower: Numbers, upper: Numbers) -> Numbers:
    """Return a number with few digits in each [lower, upper)."""
    half = upper / 2 - lower / 2
    with np.errstate(all="ignore"):
        scale = 10.0 ** -np.floor(np.log10(half))
        found = np.round((lower + half) * scale) / scale
    is_between = (lower <= found) & (found < upper)
    found[~is_between] = lower[~is_between]
    return found


def _category(column: Column, count: int, missing: int) -> CategorySketch:
    counts, names = _levels(column)
    order = sorted(range(len(names)), key=lambda place: (-counts[place], names[place]))[:LEVELS]
    levels = {names[place]: int(counts[place]) for place in order}
    return CategorySketch(count, missing, count - sum(levels.values()), levels)


def _levels(column: Column) -> tuple[Counts, list[str]]:
    """Return the counts and names of the levels of a column; one that is no text is named with its type."""
    values = column.present
    if column.kind != "category":
        values = values.astype(object)
    try:
        codes, found = pd.factorize(values)
    except TypeError:
        codes, found = pd.factorize(np.array([_level(value) for value in values], dtype=object))
    return np.bincount(codes, minlength=len(found)), [_level(value) for value in found]


def _level(value: Any) -> str:
    if isinstance(value, str):
        text = str(value)
    else:
        plain = value.item() if isinstance(value, np.generic) else value
        text = f"{plain} ({type(plain).__name__})"
    known = text.encode("utf-8", "backslashreplace")
    if len(text) > _MOST_LEVEL:
        return f"{known[:_MOST_LEVEL].decode('utf-8', 'ignore')}... {hashlib.sha256(known).hexdigest()[:12]}"
    return known.decode()


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(f"{value:.9g}")
