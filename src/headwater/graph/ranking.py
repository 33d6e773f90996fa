"""Ranking suspects by the outputs whose traces contain them: spectrum-based fault localisation on a lineage graph.

One pass over the closure of all outputs gives each node a bitset of the outputs downstream of it; nothing is walked twice.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import blake2b
from math import inf, sqrt
from typing import Any, Generic, TypeAlias, TypeVar

from headwater.graph.kernel import neighbours, strong_components

K = TypeVar("K", bound=Hashable)

OUTPUTS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Spectrum(Generic[K]):
    """How a node stands to the outputs: in the traces of `ef` bad and `ep` good ones.

    Two nodes have an equal `key` when they are in the traces of exactly the same outputs (a hash of 128 bits, or the list).
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

    Outputs are taken 4096 at a time, so memory is nodes times 512 bytes. Cost: edges times outputs / 4096.
    """
    outputs = list(dict.fromkeys([*bad, *good]))
    nodes = dict.fromkeys([*outputs, *(end for edge in edges for end in edge)])
    order = strong_components(nodes, edges)
    order.reverse()
    after = neighbours(edges)
    counts: dict[K, list[int]] = {node: [0, 0] for node in nodes if node in suspects}
    hashes: dict[K, Any] = {node: blake2b(digest_size=16) for node in counts}
    is_bad = set(bad)
    for start in range(0, len(outputs), OUTPUTS_AT_ONCE):
        block = outputs[start : start + OUTPUTS_AT_ONCE]
        mask = sum(1 << bit for bit, output in enumerate(block) if output in is_bad)
        for node, bits in _reaching(block, order, after).items():
            if node in counts:
                failed = (bits & mask).bit_count()
                counts[node][0] += failed
                counts[node][1] += bits.bit_count() - failed
                hashes[node].update(start.to_bytes(8) + bits.to_bytes(OUTPUTS_AT_ONCE // 8))
    return [Spectrum(node, ef, ep, hashes[node].digest()) for node, (ef, ep) in counts.items() if ef or ep]


def _reaching(block: Sequence[K], order: Sequence[Sequence[K]], after: Mapping[K, Sequence[K]]) -> dict[K, int]:
    """For each node the outputs of the block downstream of it, as bits; `order` has the sinks first."""
    bits: dict[K, int] = {output: 1 << bit for bit, output in enumerate(block)}
    for members in order:
        union = 0
        for node in members:
            union |= bits.get(node, 0)
            for other in after.get(node, ()):
                union |= bits.get(other, 0)
        if union:
            for node in members:
                bits[node] = union
    return bits


Formula: TypeAlias = Callable[[int, int, int, int], float]


def frequency(ef: int, nf: int, ep: int, np: int) -> float:
    """Return ef: how many bad outputs have the run in their trace (the ranking of the MLTRACE paper, example 4.4)."""
    del nf, ep, np
    return float(ef)


def ochiai(ef: int, nf: int, ep: int, np: int) -> float:
    """Return ef / sqrt((ef + nf)(ef + ep)), 0 when ef is 0 (Ochiai 1957; for faults Abreu, Zoeteweij, van Gemund 2006)."""
    del np
    return ef / sqrt((ef + nf) * (ef + ep)) if ef else 0.0


def dstar2(ef: int, nf: int, ep: int, np: int) -> float:
    """Return ef^2 / (ep + nf), infinite when only the bad outputs have the run (Wong, Debroy, Gao, Li 2014)."""
    del np
    if not ef:
        return 0.0
    return ef * ef / (ep + nf) if ep + nf else inf


def tarantula(ef: int, nf: int, ep: int, np: int) -> float:
    """Return the bad share over the sum of bad and good shares, 0 when ef is 0 (Jones, Harrold, Stasko 2002)."""
    if not ef:
        return 0.0
    bad = ef / (ef + nf)
    good = ep / (ep + np) if ep + np else 0.0
    return bad / (bad + good)


def risk_ratio(ef: int, nf: int, ep: int, np: int) -> float:
    """Return the risk of a bad output with the run over that without it; infinite when there is none without it."""
    if not ef:
        return 0.0
    exposed = ef / (ef + ep)
    unexposed = nf / (nf + np) if nf + np else 0.0
    return exposed / unexposed if unexposed else inf


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
    """Return the suspect groups by score descending, then ef descending, then the earliest member by `order`."""
    score = FORMULAS[formula]
    members: dict[Hashable, list[Spectrum[K]]] = {}
    for spectrum in found:
        members.setdefault(spectrum.key, []).append(spectrum)
    scored = []
    for same in members.values():
        ef, ep = same[0].ef, same[0].ep
        nodes = tuple(sorted((s.node for s in same), key=order))
        counts = (ef, n_bad - ef, ep, n_good - ep)
        scored.append((score(*counts), counts, nodes))
    scored.sort(key=lambda group: (-group[0], -group[1][0], order(group[2][0])))
    return _placed(scored)


def _placed(scored: Sequence[tuple[float, tuple[int, int, int, int], tuple[K, ...]]]) -> list[Group[K]]:
    """Give each group its best and worst place among those of equal score."""
    sizes: dict[float, int] = {}
    for value, _, nodes in scored:
        sizes[value] = sizes.get(value, 0) + len(nodes)
    groups: list[Group[K]] = []
    before: dict[float, int] = {}
    total = 0
    for value, size in sizes.items():
        before[value] = total
        total += size
    for value, counts, nodes in scored:
        groups.append(Group(value, *counts, nodes, before[value] + 1, before[value] + sizes[value]))
    return groups
