"""A walk is drawn so that each node stands once and nothing is left out silently."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from headwater.cli.tree import Branch, grow, lines_of, print_walk
from headwater.graph.answer import Answer, Truncation
from headwater.graph.facts import Status
from headwater.graph.kernel import hops
from headwater.graph.model import Edge, Node, Pointer, Run

START = datetime(2026, 1, 1, tzinfo=UTC)


def _answer(*ways: str, start: str, truncated: Truncation | None = None) -> Answer:
    """A walk upstream of `start`, given by edges like `a>r1`; nodes that begin with r are runs."""
    edges = [_edge(*way.split(">")) for way in ways]
    makers = {edge.target: edge.source for edge in edges if edge.kind == "produced"}
    nodes = {name: _node(name, makers.get(name)) for name in [start, *(end for edge in edges for end in edge[:2])]}
    near = hops((start,), [(edge.source, edge.target) for edge in edges], backward=True)
    return Answer((start,), nodes, frozenset(edges), near, truncated)


def _edge(source: str, target: str) -> Edge:
    return Edge(source, target, "produced" if source.startswith("r") else "consumed_by")


def _node(name: str, maker: str | None) -> Node:
    if name.startswith("r"):
        return Run(name, "fit", Status.COMPLETED, START, START + timedelta(seconds=90))
    return Pointer(f"{name}@{maker or 'external'}", name, "data", run=maker)


def _drawn(answer: Answer, most: int = 200) -> list[str]:
    console = Console(width=1_000, color_system=None)
    with console.capture() as captured:
        print_walk(console, answer, backward=True, most=most)
    return captured.get().splitlines()


def test_a_node_met_again_is_mentioned_with_the_way_to_it() -> None:
    answer = _answer("r1>out", "a>r1", "b>r1", "r2>a", "b>r2", start="out")
    assert _drawn(answer) == [
        "out  r1",
        "└── fit  r1  completed  2026-01-01 00:00:00  1.5 min",
        "    ├── a  r2",
        "    │   └── fit  r2  completed  2026-01-01 00:00:00  1.5 min",
        "    │       └── ↓ b  external",
        "    └── b  external",
        "2 runs, 3 states, 5 edges",
    ]


def test_a_cycle_ends_in_a_mention() -> None:
    lines = _drawn(_answer("r1>out", "out>r1", start="out"))
    assert lines[2] == "    └── ↑ out  r1"


def test_what_does_not_fit_is_counted_where_it_is_missing() -> None:
    lines = _drawn(_answer("r1>out", *(f"in{n:02}>r1" for n in range(30)), start="out"), most=20)
    assert lines[1].endswith("… 27 more")
    assert lines[-1] == "27 not drawn: --lines draws more, --depth less, --json has all"


def test_a_walk_that_ended_early_says_so() -> None:
    lines = _drawn(_answer("r1>out", start="out", truncated=Truncation("depth", ("r1",))))
    assert lines[-1] == "not complete: ended by --depth; 1 nodes lead on"


def test_nothing_is_no_path() -> None:
    assert _drawn(Answer(("out",), {}, frozenset(), {})) == ["no path"]


def test_a_chain_of_5000_runs_is_drawn() -> None:
    ways = [way for n in range(5_000) for way in (f"p{n + 1}>r{n}", f"r{n}>p{n}")]
    answer = _answer(*ways, start="p0")
    assert len(_drawn(answer)) == 202
    assert sum(1 for _ in lines_of(grow(answer, backward=True, most=20_000))) == 10_001


@st.composite
def _walks(draw: st.DrawFn) -> Answer:
    size = draw(st.integers(1, 12))
    pairs = draw(st.lists(st.tuples(st.integers(0, size), st.integers(0, size)), max_size=30))
    return _answer(*(f"p{a}>r{b}" if flip else f"r{a}>p{b}" for a, b in pairs for flip in (True, False)), start="p0")


@given(_walks(), st.integers(1, 40))
def test_every_node_stands_once_or_is_counted_as_missing(answer: Answer, most: int) -> None:
    lines = list(lines_of(grow(answer, backward=True, most=most)))
    standing = [branch.node for branch in lines if not branch.is_again]
    assert len(lines) <= most
    assert len(standing) == len(set(standing))
    assert {branch.node for branch in lines if branch.is_again} <= set(standing)
    assert all(_degree(answer, branch) == len(branch.below) + branch.hidden for branch in lines if not branch.is_again)


@given(_walks())
def test_with_room_for_all_the_whole_walk_is_drawn(answer: Answer) -> None:
    lines = list(lines_of(grow(answer, backward=True, most=1_000)))
    assert len(lines) == 1 + sum(edge.target in answer.hops for edge in answer.edges)
    assert {branch.node for branch in lines} == answer.hops.keys()


def _degree(answer: Answer, branch: Branch) -> int:
    return sum(edge.target == branch.node for edge in answer.edges)
