"""A walk as a tree for people: each node once, the nearest first, and what is left out is said."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from headwater.cli.text import caption
from headwater.graph.answer import Answer
from headwater.graph.model import Pointer

_LEAST = 3


@dataclass(slots=True)
class Branch:
    """One line: a node with what hangs from it, or (`is_again`) the mention of a node that stands elsewhere."""

    node: str
    is_again: bool = False
    below: list[Branch] = field(default_factory=list)
    hidden: int = 0


def print_walk(console: Console, answer: Answer, *, backward: bool, most: int) -> None:
    """Draw a walk as a tree, then say how large it is and what is missing."""
    if not len(answer):
        console.print(Text("no path", "dim"))
        return
    roots = grow(answer, backward=backward, most=most)
    for one in draw(answer, roots):
        console.print(one)
    _print_size(console, answer)
    left = len(answer) - sum(not branch.is_again for branch in lines_of(roots))
    if left:
        console.print(Text(f"{left:,} not drawn: --lines draws more, --depth less, --json has all", "yellow"))


def _print_size(console: Console, answer: Answer) -> None:
    runs, states = len(answer.runs()), len(answer.pointers())
    console.print(Text(f"{runs:,} runs, {states:,} states, {len(answer.edges):,} edges", "dim"))
    if answer.truncated is None:
        return
    if answer.truncated.reason == "rebinding":
        console.print(Text("not complete: a large re-binding is under way; ask again", "yellow"))
    else:
        ends = f"{len(answer.truncated.frontier):,} nodes lead on"
        console.print(Text(f"not complete: ended by --{answer.truncated.reason}; {ends}", "yellow"))


def grow(answer: Answer, *, backward: bool, most: int) -> list[Branch]:
    """Return a branch for each start, `most` lines together; every node hangs where it is nearest to a start.

    `hidden` counts the neighbours of a node that got no line: where not all fit, no node gives more than a tenth of
    the lines to its neighbours. Cost: the size of the answer.
    """
    near = _neighbours(answer, backward)
    roots = [Branch(start) for start in answer.start if start in answer.nodes][:most]
    placed = {root.node for root in roots}
    room = most - len(roots)
    share = room if len(answer.edges) <= room else max(_LEAST, most // 10)
    waiting = deque(roots)
    while waiting:
        branch = waiting.popleft()
        others = near.get(branch.node, ())
        for other in others[: min(room, share)]:
            branch.below.append(Branch(other, is_again=other in placed))
            if other not in placed:
                placed.add(other)
                waiting.append(branch.below[-1])
        branch.hidden = len(others) - len(branch.below)
        room -= len(branch.below)
    return roots


def _neighbours(answer: Answer, backward: bool) -> Mapping[str, Sequence[str]]:
    near: dict[str, list[str]] = {}
    for edge in sorted(answer.edges):
        here, there = (edge.target, edge.source) if backward else (edge.source, edge.target)
        near.setdefault(here, []).append(there)
    return near


def lines_of(roots: Sequence[Branch]) -> Iterator[Branch]:
    """Yield the branches from the top line to the bottom line."""
    waiting = list(reversed(roots))
    while waiting:
        branch = waiting.pop()
        yield branch
        waiting.extend(reversed(branch.below))


def draw(answer: Answer, roots: Sequence[Branch]) -> list[Tree]:
    """Return the trees to print; a mention points up or down to where its node stands."""
    line = {branch.node: number for number, branch in enumerate(lines_of(roots)) if not branch.is_again}
    label = {
        id(branch): _mention(answer, branch, line[branch.node] < number) if branch.is_again else _line(answer, branch)
        for number, branch in enumerate(lines_of(roots))
    }
    trees = [Tree(label[id(root)]) for root in roots]
    waiting = list(zip(roots, trees, strict=True))
    while waiting:
        branch, tree = waiting.pop()
        waiting += [(below, tree.add(label[id(below)])) for below in branch.below]
    return trees


def _mention(answer: Answer, branch: Branch, is_above: bool) -> Text:
    text = Text("↑ " if is_above else "↓ ").append(caption(answer.nodes[branch.node], whole=False))
    text.stylize("dim")
    return text


def _line(answer: Answer, branch: Branch) -> Text:
    node = answer.nodes[branch.node]
    # The maker's own line, just beside, holds the whole id.
    text = caption(node, whole=not isinstance(node, Pointer) or node.run not in answer.nodes)
    return text.append(f"  … {branch.hidden:,} more", "yellow") if branch.hidden else text
