from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from math import inf, sqrt

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.errors import UsageError
from headwater.graph import ranking
from headwater.graph.ranking import FORMULAS, Group, Spectrum, rank, spectra

Edges = list[tuple[int, int]]

NODES = range(12)
digraphs = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=36)
dags = digraphs.map(lambda edges: [(min(edge), max(edge)) for edge in edges if edge[0] != edge[1]])
# Which nodes are bad outputs, which good: True, False, or None for neither.
labels = st.lists(st.sampled_from([True, False, None]), min_size=len(NODES), max_size=len(NODES))
counts = st.tuples(*[st.integers(0, 60)] * 4)


def outputs(labels: list[bool | None], wanted: bool) -> list[int]:
    return [node for node, label in enumerate(labels) if label is wanted]


def traces(edges: Edges, of: list[int]) -> dict[int, set[int]]:
    """One walk for each output: the naive way, as an independent oracle."""
    graph = nx.DiGraph(edges)
    graph.add_nodes_from(NODES)
    return {output: nx.ancestors(graph, output) | {output} for output in of}


def assert_spectra_equal_the_walks(edges: Edges, labels: list[bool | None]) -> None:
    bad, good = outputs(labels, True), outputs(labels, False)
    trace = traces(edges, bad + good)
    suspects = set(NODES[::2])

    found = {s.node: s for s in spectra(bad, good, edges, suspects)}

    within = {node: frozenset(o for o in trace if node in trace[o]) for node in suspects}
    assert found.keys() == {node for node, where in within.items() if where}
    for node, spectrum in found.items():
        assert spectrum.ef == len(within[node].intersection(bad))
        assert spectrum.ep == len(within[node].intersection(good))
        assert all((spectrum.key == found[other].key) == (within[node] == within[other]) for other in found)


@given(dags, labels)
def test_spectra_equal_one_walk_an_output_on_any_dag(edges: Edges, labels: list[bool | None]) -> None:
    assert_spectra_equal_the_walks(edges, labels)


@given(digraphs, labels)
def test_spectra_equal_one_walk_an_output_with_cycles(edges: Edges, labels: list[bool | None]) -> None:
    assert_spectra_equal_the_walks(edges, labels)


@given(digraphs, labels)
def test_spectra_do_not_depend_on_the_size_of_a_block(edges: Edges, labels: list[bool | None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "OUTPUTS_AT_ONCE", 8)

        assert_spectra_equal_the_walks(edges, labels)


def test_runs_that_differ_in_the_last_of_many_outputs_have_two_keys() -> None:
    many = list(range(20_000))
    edges: list[tuple[str | int, str | int]] = [("all", output) for output in many]
    edges += [("also all", output) for output in many]
    edges += [("all but one", output) for output in many[:-1]]

    found = {s.node: s for s in spectra(many[:5], many[5:], edges, {"all", "also all", "all but one"})}

    assert {node: (s.ef, s.ep) for node, s in found.items()} == {
        "all": (5, 19_995),
        "also all": (5, 19_995),
        "all but one": (5, 19_994),
    }
    assert found["all"].key == found["also all"].key != found["all but one"].key


def test_runs_of_equal_counts_behind_different_blocks_have_two_keys() -> None:
    many = list(range(3 * ranking.OUTPUTS_AT_ONCE))
    edges: list[tuple[str | int, str | int]] = [("early", many[0]), ("late", many[-1])]

    early, late = spectra(many, [], edges, {"early", "late"})

    assert (early.ef, late.ef) == (1, 1)
    assert early.key != late.key


def test_an_output_named_twice_counts_once() -> None:
    assert [(s.ef, s.ep) for s in spectra(["out", "out"], [], [("run", "out")], {"run"})] == [(1, 0)]


def test_a_run_that_is_an_output_is_in_its_own_trace() -> None:
    edges: list[tuple[str, str]] = []

    assert [(s.node, s.ef) for s in spectra(["run"], [], edges, {"run"})] == [("run", 1)]


def test_a_run_in_no_trace_has_no_spectrum() -> None:
    assert spectra(["out"], [], [("out", "later")], {"later"}) == []


def test_an_output_that_is_bad_and_good_is_refused() -> None:
    with pytest.raises(UsageError, match="1 outputs are both bad and good, among them 'out'"):
        spectra(["out"], ["out", "other"], [("run", "out")], {"run"})


def test_a_ladder_of_diamonds_and_a_long_chain_are_one_pass() -> None:
    ladder = [(i, j) for k in range(0, 90, 3) for i, j in [(k, k + 1), (k, k + 2), (k + 1, k + 3), (k + 2, k + 3)]]
    chain = [(i, i + 1) for i in range(90, 20_090)]

    found = spectra([20_090], [], ladder + chain, set(range(20_090)))

    assert {(s.ef, s.ep) for s in found} == {(1, 0)}
    assert len({s.key for s in found}) == 1
    assert len(found) == 20_090


def test_the_bits_of_a_node_are_dropped_when_all_upstream_took_them() -> None:
    length, outputs = 20_000, range(20_000, 20_000 + ranking.OUTPUTS_AT_ONCE)
    edges = [*((i, i + 1) for i in range(length - 1)), *((length - 1, output) for output in outputs)]

    tracemalloc.start()
    spectra(outputs, [], edges, {0})
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < length * ranking.OUTPUTS_AT_ONCE // 8


@pytest.mark.parametrize(
    ("formula", "expected"),
    [("frequency", 4.0), ("ochiai", 0.8), ("dstar2", 8.0), ("tarantula", 8 / 9), ("risk_ratio", 8.0)],
)
def test_formulas_give_their_published_scores(formula: str, expected: float) -> None:
    assert FORMULAS[formula](4, 1, 1, 9) == pytest.approx(expected)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_run_behind_no_bad_output_scores_zero(formula: str) -> None:
    assert [FORMULAS[formula](0, *rest) for rest in [(3, 2, 1), (3, 0, 0), (0, 2, 0), (0, 0, 0)]] == [0.0] * 4


@pytest.mark.parametrize(
    ("formula", "cells", "expected"),
    [
        ("ochiai", (3, 0, 0, 0), 1.0),
        ("dstar2", (3, 0, 0, 5), inf),
        ("tarantula", (3, 1, 0, 0), 1.0),
        ("risk_ratio", (3, 0, 2, 5), inf),
        ("risk_ratio", (3, 0, 5, 0), 1.0),
    ],
)
def test_an_empty_denominator_has_a_stated_score(
    formula: str, cells: tuple[int, int, int, int], expected: float
) -> None:
    assert FORMULAS[formula](*cells) == expected


EXACT: dict[str, Callable[[int, int, int, int], Fraction]] = {
    "ochiai": lambda ef, nf, ep, _: Fraction(ef * ef, (ef + nf) * (ef + ep)),
    "tarantula": lambda ef, nf, ep, np: Fraction(ef, ef + nf) / (Fraction(ef, ef + nf) + Fraction(ep, ep + np)),
    "risk_ratio": lambda ef, nf, ep, np: Fraction(ef, ef + ep) / Fraction(nf, nf + np),
}


@pytest.mark.parametrize("formula", EXACT)
def test_scores_that_are_equal_on_paper_are_equal_floats(formula: str) -> None:
    scores: dict[Fraction, set[float]] = {}

    for ef in range(1, 40):
        for ep in range(40):
            cells = (ef, 40 - ef, ep, 40 - ep)
            scores.setdefault(EXACT[formula](*cells), set()).add(FORMULAS[formula](*cells))

    assert [found for found in scores.values() if len(found) > 1] == []


def spectrum(node: str, ef: int, ep: int) -> Spectrum[str]:
    return Spectrum(node, ef, ep, (ef, ep))


def test_runs_of_one_spectrum_are_one_group_earliest_first() -> None:
    found = [spectrum("late", 2, 0), spectrum("early", 2, 0), spectrum("other", 1, 3)]
    started = {"early": 1, "late": 2, "other": 0}

    assert rank(found, 2, 3, "ochiai", started.__getitem__) == [
        Group(1.0, 2, 0, 0, 3, ("early", "late"), 1, 2),
        Group(sqrt(1 / 8), 1, 1, 3, 0, ("other",), 3, 3),
    ]


def test_runs_of_equal_counts_behind_different_outputs_are_two_groups_that_share_places() -> None:
    found = [Spectrum("b", 1, 0, "first output"), Spectrum("a", 1, 0, "second output")]

    groups = rank(found, 2, 0, "frequency", str)

    assert [(group.members, group.first, group.last) for group in groups] == [(("a",), 1, 2), (("b",), 1, 2)]


def test_equal_scores_show_the_run_behind_more_bad_outputs_first() -> None:
    found = [spectrum("few", 1, 1), spectrum("many", 3, 15)]

    groups = rank(found, 12, 20, "ochiai", str)

    assert [(group.members, group.first, group.last) for group in groups] == [(("many",), 1, 2), (("few",), 1, 2)]


def test_a_shared_root_is_first_by_frequency_and_not_by_the_others() -> None:
    edges = [("root", "bad"), ("root", "good"), ("culprit", "bad")]
    found = spectra(["bad"], ["good"], edges, {"root", "culprit"})
    order = {"root": 0, "culprit": 1}

    firsts = {formula: rank(found, 1, 1, formula, order.__getitem__)[0].members[0] for formula in FORMULAS}

    assert firsts.pop("frequency") == "root"
    assert set(firsts.values()) == {"culprit"}


def test_nothing_ranks_as_nothing() -> None:
    assert rank([], 0, 0, "ochiai", str) == []


@given(st.lists(counts.map(lambda c: (c[0], c[1])), max_size=12), st.sampled_from(sorted(FORMULAS)))
def test_places_cover_every_run_and_scores_descend(cells: list[tuple[int, int]], formula: str) -> None:
    found = [Spectrum(str(i), ef, ep, i) for i, (ef, ep) in enumerate(cells)]

    groups = rank(found, 60, 60, formula, int)

    scores = [group.score for group in groups]
    assert scores == sorted(scores, reverse=True)
    for group in groups:
        assert group.first == 1 + sum(score > group.score for score in scores)
        assert group.last == sum(score >= group.score for score in scores)
        assert (group.nf, group.np) == (60 - group.ef, 60 - group.ep)
