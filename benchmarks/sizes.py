"""How much is measured: the full size behind docs/benchmarks.md, and a quick one to see that everything runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The size of each case; `walks` are nodes of a trace, `slices` outputs of a ranking."""

    runs: int
    walks: tuple[int, ...]
    slices: tuple[int, ...]
    readers: tuple[int, ...]
    diamonds: tuple[int, ...]
    batch: int = 1_000
    repeats: int = 5
    processes: int = 3
    singles: int = 400
    writers: tuple[int, ...] = (1, 4)
    sampled_walks: int = 40
    path_timeout_s: float = 20.0
    connections: int = 64
    load_s: float = 30.0
    requests: tuple[int, int] = (1, 1_000)
    erasures: int = 10_000


FULL = Sizes(
    runs=100_000,
    walks=(40, 4_000, 40_000),
    slices=(100, 1_000, 10_000),
    readers=(0, 1_000, 10_000, 100_000),
    diamonds=(8, 10, 12, 14, 16),
)
QUICK = Sizes(
    runs=2_200,
    walks=(40, 400),
    slices=(100,),
    readers=(0, 1_000),
    diamonds=(6, 8),
    repeats=2,
    processes=1,
    singles=10,
    sampled_walks=3,
    path_timeout_s=5.0,
    connections=8,
    load_s=2.0,
    requests=(1, 20),
    erasures=200,
)
