"""That no smaller set of reruns would do: proven for every pipeline of up to six runs, by trying all smaller sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations

import pytest

from headwater.deletion.reruns import Problem, choose, possible
from tests.support.rerun_problems import newest, smaller_sets, works

# Every way of giving names to the outputs of a pipeline is tried with each of its graphs up to this size; above, each
# graph is tried with some of them, in turn.
ALL_NAMES = 4
SOME_NAMES = 2


def graphs(size: int) -> Iterator[list[list[int]]]:
    """Yield every acyclic graph of so many runs: for each run the earlier ones that it reads from."""
    pairs = list(combinations(range(size), 2))
    for bits in range(1 << len(pairs)):
        read: list[list[int]] = [[] for _ in range(size)]
        for place, (source, reader) in enumerate(pairs):
            if bits >> place & 1:
                read[reader].append(source)
        yield read


def namings(size: int) -> Iterator[tuple[int, ...]]:
    """Yield every way in which so many outputs can share names."""

    def longer(names: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(names) == size:
            yield names
            return
        for name in range(max(names, default=-1) + 2):
            yield from longer((*names, name))

    return longer(())


def problem_of(read: Sequence[Sequence[int]], names: Sequence[int], entries: set[int]) -> Problem:
    """The data of the subject enter at some runs; what derives from none of these is untouched."""
    touched: set[int] = set()
    for run, sources in enumerate(read):
        if run in entries or touched.intersection(sources):
            touched.add(run)
    number = {run: place for place, run in enumerate(sorted(touched))}
    untouched = [run for run in range(len(read)) if run not in touched]
    return Problem(
        needs=[[(names[source], source) for source in read[run] if source in touched] for run in number],
        gives=[[(names[run], run)] for run in number],
        standing={names[run]: run for run in untouched},
    )


def cases(size: int) -> Iterator[Problem]:
    """Yield problems for each graph and naming: the subject is read by all first runs, or by the very first alone."""
    every = list(namings(size))
    for place, read in enumerate(graphs(size)):
        some = every if size <= ALL_NAMES else [every[(place * SOME_NAMES + n) % len(every)] for n in range(SOME_NAMES)]
        first = {run for run, sources in enumerate(read) if not sources}
        yield from (problem_of(read, names, entries) for names in some for entries in (first, {0}))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, pytest.param(6, marks=pytest.mark.slow)])
def test_no_smaller_set_of_reruns_works_in_any_pipeline(size: int) -> None:
    added = 0
    for problem in cases(size):
        required = newest(problem)
        chosen = choose(problem, required)
        added += len(chosen.runs) > len(required)

        assert required <= set(possible(problem, range(len(problem.needs))))
        assert works(problem, chosen.runs)
        assert chosen.is_minimum
        assert not any(works(problem, fewer) for fewer in smaller_sets(problem, required, len(chosen.runs)))

    assert (added > 0) == (size > 1)


def test_every_graph_and_every_naming_is_there() -> None:
    assert [sum(1 for _ in graphs(size)) for size in range(1, 7)] == [1, 2, 8, 64, 1_024, 32_768]
    assert [len(list(namings(size))) for size in range(1, 7)] == [1, 2, 5, 15, 52, 203]
    assert set(chain.from_iterable(namings(6))) == set(range(6))
