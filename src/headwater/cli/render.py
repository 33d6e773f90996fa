"""Answers as text for people: trees that show each node once, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from headwater.graph.answer import Answer
from headwater.graph.lineage import Diff, Ranking, Staleness
from headwater.graph.model import Node, Pointer, Run

MAX_LINES = 200
_STYLES = {"completed": "green", "failed": "red", "aborted": "yellow", "running": "cyan"}


def when(at: datetime | None) -> str:
    """Return a time for a table, in UTC to the second."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def duration(run: Run) -> str:
    """Return how long a run took, in the largest fitting unit."""
    if run.ended_at is None:
        return "running"
    seconds = max(run.ended_at - run.started_at, timedelta(0)).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.3g} s"


def caption(node: Node) -> Text:
    """Return one node as a line: what it is, then what tells it from others of its name."""
    if isinstance(node, Pointer):
        text = Text(node.name, "bold red" if node.flagged else "bold")
        text.append(f"  {node.id[len(node.name) + 1 :]}", "dim")
    else:
        text = Text(node.component or "run", "magenta")
        text.append(f"  {node.id}  ", "dim")
        text.append(node.status.value, _STYLES[node.status.value])
        text.append(f"  {when(node.started_at)}  {duration(node)}", "dim")
    if node.flagged:
        text.append("  flagged", "red")
    return text


def print_tree(console: Console, answer: Answer, *, backward: bool, most: int = MAX_LINES) -> None:
    """Draw a walk as a tree in which each node stands once; a node met again is one dim line."""
    near: dict[str, list[str]] = {}
    for edge in sorted(answer.edges):
        here, there = (edge.target, edge.source) if backward else (edge.source, edge.target)
        near.setdefault(here, []).append(there)
    drawn: set[str] = set()
    roots = [Tree(caption(answer.nodes[start])) for start in answer.start if start in answer.nodes]
    drawn.update(answer.start)
    waiting = [(start, root) for start, root in zip(answer.start, roots, strict=False)]
    lines = len(roots)
    while waiting and lines < most:
        node, branch = waiting.pop()
        for other in near.get(node, ()):
            lines += 1
            if other in drawn:
                branch.add(Text(f"{answer.nodes[other].id}  (above)", "dim"))
                continue
            drawn.add(other)
            waiting.append((other, branch.add(caption(answer.nodes[other]))))
    for root in roots:
        console.print(root)
    print_foot(console, answer, len(drawn))


def print_foot(console: Console, answer: Answer, drawn: int) -> None:
    """Say how much there is, how much was left undrawn, and whether the answer is whole."""
    runs, pointers = len(answer.runs()), len(answer.pointers())
    console.print(Text(f"{runs:,} runs, {pointers:,} states, {len(answer.edges):,} edges", "dim"))
    if drawn < len(answer):
        console.print(
            Text(f"{len(answer) - drawn:,} not drawn: --json shows all, --depth and --lines choose", "yellow")
        )
    if answer.truncated is not None:
        text = f"not complete: ended by the limit on {answer.truncated.reason}"
        console.print(Text(f"{text}; {len(answer.truncated.frontier):,} nodes lead on", "yellow"))


def table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a plain table; a column whose name begins with > is aligned to the right."""
    found = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        found.add_column(name.removeprefix(">"), justify="right" if name.startswith(">") else "left", no_wrap=True)
    for row in rows:
        found.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    console.print(found)


def print_runs(console: Console, runs: Sequence[Run], cursor: str | None) -> None:
    """Print runs as a table, and how to go on."""
    rows = [
        (
            run.id,
            run.component or "",
            Text(run.status.value, _STYLES[run.status.value]),
            when(run.started_at),
            duration(run),
        )
        for run in runs
    ]
    table(console, ("run", "component", "status", "started (UTC)", ">took"), rows)
    if cursor:
        console.print(Text(f"more: --cursor {cursor}", "dim"))


def print_ranking(console: Console, found: Ranking, top: int) -> None:
    """Print the suspects, and beside them what frequency would have said."""
    console.print(
        Text(f"{len(found.slice_ids):,} bad outputs against {found.contrast_size:,} others, by {found.formula}", "dim")
    )
    frequency = {group.runs[0].id: group.position for group in found.by_frequency}
    rows = []
    for group in found.suspects[:top]:
        first = group.runs[0]
        more = f" +{group.size - 1} alike" if group.size > 1 else ""
        counts = (group.ef, group.nf, group.ep, group.np)
        place = frequency.get(first.id, "")
        rows.append(
            (
                group.position,
                f"{group.score:.3f}",
                *counts,
                f"{first.component or ''}{more}",
                first.id,
                when(first.started_at),
                place,
            )
        )
    columns = (
        ">#",
        f">{found.formula}",
        ">ef",
        ">nf",
        ">ep",
        ">np",
        "component",
        "run",
        "started (UTC)",
        ">by frequency",
    )
    table(console, columns, rows)
    if found.by_frequency and found.formula != "frequency":
        top_run = found.by_frequency[0].runs[0]
        console.print(Text(f"frequency would put first: {top_run.component or 'run'} {top_run.id}", "dim"))
    if not found.is_complete:
        console.print(Text("not complete: only the newest outputs were counted", "yellow"))


def print_stale(console: Console, found: Sequence[Staleness]) -> None:
    """Print why runs are stale, one cause a line."""
    rows = []
    for one in found:
        for cause in one.causes:
            read = "" if cause.edge is None else cause.edge.source
            rows.append((one.of, cause.kind, cause.run, read, cause.evidence, " < ".join(reversed(cause.path))))
    if rows:
        table(console, ("stale", "cause", "run", "read", "evidence", "path"), rows)
    else:
        console.print("nothing is stale")


def print_diff(console: Console, found: Diff) -> None:
    """Print the differences, most upstream first."""
    if found.first is None:
        console.print("no difference")
        return
    rows = [(d.depth, d.kind, d.what, *map(str, d.values), d.a or "", d.b or "") for d in found.divergences]
    table(console, (">runs up", "kind", "what", "a", "b", "run of a", "run of b"), rows)
    console.print(Text(f"first divergence: {found.first.kind} ({found.first.what})", "bold"))
