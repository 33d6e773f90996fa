"""Rerun problems, and their answers by trying everything."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import combinations

from headwater.deletion.reruns import Problem


def works(problem: Problem, runs: Collection[int]) -> bool:
    """Whether these runs can be ordered so that each finds all that it needs."""
    at_hand, left = dict(problem.standing), set(runs)
    while left:
        able = {run for run in left if all(at_hand.get(name, -1) >= least for name, least in problem.needs[run])}
        if not able:
            return False
        for name, version in (given for run in able for given in problem.gives[run]):
            at_hand[name] = max(version, at_hand.get(name, -1))
        left -= able
    return True


def smaller_sets(problem: Problem, required: set[int], size: int) -> Iterator[set[int]]:
    """Yield every set of fewer than `size` runs that holds the required ones."""
    others = [run for run in range(len(problem.needs)) if run not in required]
    for more in range(size - len(required)):
        yield from (required | set(chosen) for chosen in combinations(others, more))


def newest(problem: Problem) -> set[int]:
    """Return the runs that made the newest version of a name, where no untouched one is newer."""
    makers: dict[int, tuple[int, int]] = {}
    for run, gives in enumerate(problem.gives):
        for name, version in gives:
            makers[name] = max((version, run), makers.get(name, (-1, -1)))
    return {run for name, (version, run) in makers.items() if problem.standing.get(name, -1) < version}
