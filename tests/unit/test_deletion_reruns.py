from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.deletion.reruns import Choice, Problem, choose, possible
from headwater.deletion.waves import Slot, arrange
from tests.support.rerun_problems import newest, smaller_sets, works


def chain(length: int) -> Problem:
    """A model that each run tunes further: run n reads version n of it and writes version n + 1."""
    return Problem([[(0, n)] if n else [] for n in range(length)], [[(0, n + 1)] for n in range(length)], {})


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Up to ten runs that write one or two of four names, and read any earlier version, also of their own name."""
    made: dict[int, list[int]] = {name: [] for name in range(4)}
    needs, gives = [], []
    for run in range(draw(st.integers(1, 10))):
        earlier = [(name, version) for name, versions in made.items() for version in versions]
        reads = draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True)) if earlier else []
        writes = draw(st.sets(st.integers(0, 3), min_size=1, max_size=2))
        needs.append(reads)
        gives.append([(name, 2 * run + 2) for name in sorted(writes)])
        for name in writes:
            made[name].append(2 * run + 2)
    standing = draw(st.dictionaries(st.integers(0, 3), st.integers(0, 10).map(lambda n: 2 * n + 1), max_size=2))
    return Problem(needs, gives, standing)


@given(problem=problems(), pinned=st.sets(st.integers(0, 9), max_size=2))
def test_no_smaller_set_of_reruns_works(problem: Problem, pinned: set[int]) -> None:
    required = (newest(problem) | pinned) & set(possible(problem, range(len(problem.needs))))

    chosen = choose(problem, required)

    assert chosen.is_minimum
    assert required <= set(chosen.runs)
    assert works(problem, chosen.runs)
    assert not any(works(problem, fewer) for fewer in smaller_sets(problem, required, len(chosen.runs)))


@given(problem=problems())
def test_each_rerun_reads_what_stands_or_what_an_earlier_wave_wrote(problem: Problem) -> None:
    chosen = possible(problem, range(len(problem.needs)))

    slots = {slot.run: slot for slot in arrange(problem, chosen)}

    assert set(slots) == set(chosen)
    for run, slot in slots.items():
        for (name, least), supplier in zip(problem.needs[run], slot.reads, strict=True):
            if supplier is None:
                assert problem.standing[name] >= least
            else:
                assert slots[supplier].wave < slot.wave
                assert max(version for given, version in problem.gives[supplier] if given == name) >= least


@given(problem=problems())
def test_no_two_reruns_of_a_wave_write_one_name(problem: Problem) -> None:
    slots = arrange(problem, possible(problem, range(len(problem.needs))))

    written = [(slot.wave, name) for slot in slots for name, _ in problem.gives[slot.run]]

    assert len(written) == len(set(written))


def test_nothing_is_added_where_the_newest_versions_suffice() -> None:
    # 0 writes the table, 1 writes it anew without reading it, 2 read the old one.
    problem = Problem([[], [], [(0, 2)]], [[(0, 2)], [(0, 4)], [(1, 6)]], {})

    assert choose(problem, {1, 2}) == Choice((1, 2), 2)
    assert arrange(problem, [1, 2]) == [Slot(1, 0, ()), Slot(2, 1, (1,))]


def test_a_model_tuned_from_its_predecessor_brings_back_all_of_them() -> None:
    chosen = choose(chain(5), {4})

    assert chosen == Choice((0, 1, 2, 3, 4), 5)


def test_an_untouched_version_ends_the_way_back() -> None:
    problem = Problem(chain(5).needs, chain(5).gives, {0: 3})

    assert choose(problem, {4}).runs == (3, 4)


def test_a_thousand_tunings_are_proven_to_be_needed() -> None:
    assert choose(chain(1_000), {999}).is_minimum


def test_runs_that_need_what_nobody_gives_are_not_possible() -> None:
    problem = Problem([[(5, 1)], [(0, 2)], []], [[(0, 2)], [(1, 4)], [(2, 6)]], {})

    assert possible(problem, range(3)) == [2]


def test_of_two_ways_the_shorter_one_is_taken() -> None:
    # 4 reads two names and writes both anew; 0 and 1 wrote one each, 2 wrote both.
    problem = Problem(
        [[], [], [], [], [(0, 1), (1, 1)]], [[(0, 2)], [(1, 4)], [(0, 6), (1, 6)], [(2, 8)], [(0, 10), (1, 10)]], {}
    )

    chosen = choose(problem, {3, 4})

    assert (set(chosen.runs), chosen.fewest) == ({2, 3, 4}, 3)


@pytest.mark.parametrize("size", [3, 7])
def test_a_rerun_waits_for_its_names_as_they_will_stand(size: int) -> None:
    """The last run reads an old version, and gets the newest one that is rebuilt."""
    gives = [[(0, 2 * n + 2)] for n in range(size)]
    problem = Problem([[] for _ in range(size)] + [[(0, 2)]], [*gives, [(1, 2 * size + 2)]], {})

    slots = arrange(problem, range(size + 1))

    assert slots[-1] == Slot(size, size, (size - 1,))
    assert [slot.run for slot in slots] == list(range(size + 1))
