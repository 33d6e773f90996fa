"""Ranking suspects by the outputs whose traces contain them: spectrum-based fault localisation on a lineage graph.

One pass over the closure of all outputs gives each node a bitset of the outputs downstream of it; there is never a
walk for each output.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import blake2b
from itertools import groupby
from math import inf, sqrt
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from headwater.errors import UsageError
from headwater.graph.kernel import Condensation, condense

K = TypeVar("K", bound=Hashable)

OUTPUTS_AT_ONCE = 8192
DIGEST_BYTES = 16
TALLIES_KEPT = 4096

# Bad outputs, good outputs, and a key of which outputs they are.
_Tally: TypeAlias = tuple[int, int, bytes]
# Score, the counts (ef, nf, ep, np), and the members.
_Scored: TypeAlias = tuple[float, tuple[int, int, int, int], tuple[K, ...]]


class Spectrum(NamedTuple, Generic[K]):
    """How a node stands to the outputs: in the traces of `ef` bad and `ep` good ones.

    Two nodes have an equal `key` when they are in the traces of exactly the same outputs (128 bits of BLAKE2 for each
    8192 outputs, or the list of outputs).
    """

    node: K
    ef: int
    ep: int
    key: Hashable


@dataclass(frozen=True, slots=True)
class Group(Generic[K]):
    """Nodes of one spectrum: one suspect. `first` and `last` bound its place, in nodes, among equal scores."""

    score: float
    ef: int
    nf: int
    ep: int
    np: int
    members: tuple[K, ...]
    first: int
    last: int


def spectra(
    bad: Sequence[K], good: Sequence[K], edges: Sequence[tuple[K, K]], suspects: AbstractSet[K]
) -> list[Spectrum[K]]:
    """Return the spectrum of each suspect that is in any trace; `edges` are the closure upstream of all outputs.

    Raises UsageError for an output that is both bad and good. Outputs are taken 8192 at a time, and the bits of a
    node (1 KiB at most) are dropped once all right upstream took them. Cost: nodes and edges, times outputs / 8192.
    """
    outputs = _disjoint(bad, good)
    flagged = set(bad)
    graph = condense(outputs, edges)
    wanted = {graph.component[node] for node in suspects if node in graph.component}
    found: dict[int, _Tally] = {}
    for start in range(0, len(outputs), OUTPUTS_AT_ONCE):
        block = outputs[start : start + OUTPUTS_AT_ONCE]
        bad_bits = sum(1 << bit for bit, output in enumerate(block) if output in flagged)
        # Most nodes have the bits of a neighbour, and a digest costs more than all the rest.
        tally = lru_cache(TALLIES_KEPT)(partial(_tally, start, bad_bits))
        for component, bits in _reaching(graph, [graph.component[output] for output in block]):
            if component in wanted:
                here, before = tally(bits), found.get(component)
                found[component] = _united(before, here) if before else here
    return [
        Spectrum(node, *found[component])
        for node, component in graph.component.items()
        if component in found and node in suspects
    ]


def _disjoint(bad: Sequence[K], good: Sequence[K]) -> list[K]:
    """All outputs, each once."""
    both = set(bad).intersection(good)
    if both:
        raise UsageError(
            f"{len(both)} outputs are both bad and good, among them {next(iter(both))!r}",
            hint="take the slice out of its contrast",
        )
    return list(dict.fromkeys([*bad, *good]))


def _reaching(graph: Condensation[K], starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Each component upstream of the starts (a start too), with the places of the starts it leads to as bits."""
    waiting = [0] * len(graph.order)
    for bit, component in enumerate(starts):
        waiting[component] |= 1 << bit
    upstream = graph.upstream
    for component in graph.order:
        bits = waiting[component]
        if bits:
            waiting[component] = 0
            for source in upstream[component]:
                waiting[source] |= bits
            yield component, bits


def _tally(start: int, bad_bits: int, bits: int) -> _Tally:
    """Count the bits of the block that begins at output `start`."""
    n_bad = (bits & bad_bits).bit_count()
    which = start.to_bytes(8) + bits.to_bytes(OUTPUTS_AT_ONCE // 8)
    return n_bad, bits.bit_count() - n_bad, blake2b(which, digest_size=DIGEST_BYTES).digest()


def _united(a: _Tally, b: _Tally) -> _Tally:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


Formula: TypeAlias = Callable[[int, int, int, int], float]


def frequency(ef: int, nf: int, ep: int, np: int) -> float:
    """Return ef: how many bad outputs have the run in their trace (the ranking of the MLTRACE paper, example 4.4)."""
    del nf, ep, np
    return float(ef)


def ochiai(ef: int, nf: int, ep: int, np: int) -> float:
    """Return ef / sqrt((ef + nf)(ef + ep)), 0 when ef is 0 (Ochiai 1957; for faults Abreu et al. 2006)."""
    del np
    return sqrt(ef * ef / ((ef + nf) * (ef + ep))) if ef else 0.0


def dstar2(ef: int, nf: int, ep: int, np: int) -> float:
    """Return ef^2 / (ep + nf), infinite when only the bad outputs have the run (Wong, Debroy, Gao, Li 2014)."""
    del np
    if not ef:
        return 0.0
    return ef * ef / (ep + nf) if ep + nf else inf


def tarantula(ef: int, nf: int, ep: int, np: int) -> float:
    """Return the bad share over the sum of bad and good shares (Jones, Harrold, Stasko 2002).

    0 when ef is 0. Without good outputs their share is 0, so that the score is 1.
    """
    if not ef:
        return 0.0
    bad = ef * (ep + np or 1)
    return bad / (bad + ep * (ef + nf))


def risk_ratio(ef: int, nf: int, ep: int, np: int) -> float:
    """Return the risk of a bad output with the run over the risk without it (the relative risk of epidemiology).

    0 when ef is 0; 1 when every output has the run, for nothing tells with from without; infinite when some outputs
    lack the run and none of those is bad.
    """
    if not ef:
        return 0.0
    if not nf + np:
        return 1.0
    return ef * (nf + np) / (nf * (ef + ep)) if nf else inf


# Each score is one rounded quotient of whole numbers, so that scores that are equal on paper are equal floats.
FORMULAS: Mapping[str, Formula] = {
    "frequency": frequency,
    "ochiai": ochiai,
    "dstar2": dstar2,
    "tarantula": tarantula,
    "risk_ratio": risk_ratio,
}


def rank(
    found: Iterable[Spectrum[K]], n_bad: int, n_good: int, formula: str, order: Callable[[K], Any]
) -> list[Group[K]]:
    """Return the suspect groups by score descending, then ef descending, then the earliest member by `order`.

    `n_bad` and `n_good` are the sizes of the slice and of its contrast; `formula` is a key of FORMULAS.
    """
    score = FORMULAS[formula]
    alike: dict[Hashable, list[Spectrum[K]]] = {}
    for spectrum in found:
        alike.setdefault(spectrum.key, []).append(spectrum)
    scored: list[_Scored[K]] = []
    for same in alike.values():
        ef, ep = same[0].ef, same[0].ep
        counts = (ef, n_bad - ef, ep, n_good - ep)
        scored.append((score(*counts), counts, tuple(sorted((s.node for s in same), key=order))))
    scored.sort(key=lambda group: (-group[0], -group[1][0], order(group[2][0])))
    return _placed(scored)


def _placed(scored: Iterable[_Scored[K]]) -> list[Group[K]]:
    """Give each group, by score descending, its best and worst place among those of equal score."""
    placed: list[Group[K]] = []
    last = 0
    for score, tied in groupby(scored, key=lambda group: group[0]):
        groups = list(tied)
        first = last + 1
        last += sum(len(members) for _, _, members in groups)
        placed += [Group(score, *counts, members, first, last) for _, counts, members in groups]
    return placed
