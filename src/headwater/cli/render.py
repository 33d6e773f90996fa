"""Answers as tables and lines for people. Ids stay whole, so that they can be copied."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from headwater.cli.text import MAX_LINES, brief, caption, component, duration, erased, shown, status, when
from headwater.graph.lineage import (
    Cause,
    Column,
    Derivation,
    Diff,
    Divergence,
    Ranking,
    RunPage,
    Staleness,
    SuspectGroup,
)
from headwater.graph.model import Pointer
from headwater.graph.store import RunDetail

_LEGEND = "ef, nf: bad outputs with and without the run in their trace; ep, np: the others"


def table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str = "none") -> None:
    """Print a table, or `empty`; a column whose name begins with > is set to the right."""
    found = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        found.add_column(name.removeprefix(">"), justify="right" if name.startswith(">") else "left", no_wrap=True)
    for row in rows:
        found.add_row(*(cell if isinstance(cell, Text) else Text(shown(str(cell))) for cell in row))
    console.print(found if found.row_count else Text(empty, "dim"))


def print_runs(console: Console, page: RunPage) -> None:
    """Print runs as a table, and how to go on."""
    rows = [(run.id, component(run), status(run), when(run.started_at), duration(run)) for run in page.runs]
    table(console, ("run", "component", "status", "started (UTC)", ">took"), rows, "no runs")
    if page.cursor:
        console.print(Text(f"more: --cursor {page.cursor}", "dim"))


def print_run(console: Console, detail: RunDetail) -> None:
    """Print one run with everything that is known of it."""
    console.print(caption(detail.run))
    table(console, ("", "name", "value"), _facts(detail), "nothing more is known of it")


def _facts(detail: RunDetail) -> Iterator[tuple[str, str, str]]:
    run = detail.run
    single = {"commit": run.commit, "source": run.source, "error": run.error}
    yield from (("is", key, brief(value)) for key, value in single.items() if value is not None)
    yield from (("read", pointer.name, _state(pointer)) for _, pointer in detail.inputs)
    yield from (("wrote", pointer.name, _state(pointer)) for pointer in detail.outputs)
    yield from (("param", key, brief(value)) for key, value in run.params.items())
    for key, found in run.triggers.items():
        yield "trigger", key, f"{found['outcome']} {brief(found['message'] or '')}"
    for facet, value in detail.facets.items():
        if facet.subject == "label":
            yield "rows of", facet.name, brief("=".join(json.loads(facet.key)))
        else:
            yield "facet", " ".join(filter(None, (facet.name, facet.key))), brief(value)
    for note in detail.annotations:
        yield note.kind, note.key, brief(f"{note.value} by {note.who or 'unknown'}: {note.why or 'no reason given'}")


def _state(pointer: Pointer) -> str:
    return pointer.id if pointer.erased is None else f"{pointer.id}  {erased(pointer.erased)}"


def print_derivations(console: Console, found: Sequence[Derivation], most: int) -> None:
    """Print which column came from which, nearest first, and on what ground that is known."""
    rows = [(*_column(one.target), "from", *_column(one.source), one.basis, one.run) for one in found[:most]]
    table(console, ("state", "column", "", "state", "column", "basis", "run"), rows, "nothing is derived")
    if len(found) > most:
        console.print(Text(f"{len(found) - most:,} more: --lines", "dim"))


def _column(column: Column) -> tuple[str, str]:
    return column.state, column.column or "(all)"


def print_ranking(console: Console, found: Ranking, top: int) -> None:
    """Print the suspects, and beside them what frequency would have said."""
    if not found.slice_ids:
        console.print(Text("no bad outputs: nothing fits, or nothing is flagged", "dim"))
        return
    sizes = f"{len(found.slice_ids):,} bad outputs against {found.contrast_size:,} others"
    console.print(Text(f"{sizes}, by {found.formula}", "dim"))
    place = {group.runs[0].id: group.position for group in found.by_frequency}
    rows = [_suspect(group, place.get(group.runs[0].id)) for group in found.suspects[:top]]
    counts = (">ef", ">nf", ">ep", ">np")
    table(console, (">#", f">{found.formula}", *counts, "component", "run", "started (UTC)", ">freq #"), rows)
    for line in _ranking_notes(found, top):
        console.print(line)


def _suspect(group: SuspectGroup, place: int | None) -> tuple[object, ...]:
    first = group.runs[0]
    alike = f" +{group.size - 1}" if group.size > 1 else ""
    counts = (group.ef, group.nf, group.ep, group.np)
    name = Text(component(first), "magenta").append(alike, "dim")
    run = Text(shown(first.id), "bold" if group.position == 1 else "")
    return (
        group.position,
        f"{group.score:.3f}",
        *counts,
        name,
        run,
        when(first.started_at),
        "" if place is None else place,
    )


def _ranking_notes(found: Ranking, top: int) -> Iterator[Text]:
    yield Text(_LEGEND, "dim")
    if any(group.size > 1 for group in found.suspects[:top]):
        yield Text("+n: so many more runs are in the traces of the same outputs; --json names the first 100", "dim")
    if len(found.suspects) > top:
        yield Text(f"{len(found.suspects) - top:,} more: --top", "dim")
    if found.by_frequency and found.formula != "frequency":
        first = found.by_frequency[0].runs[0]
        yield Text(f"frequency would put first: {component(first)} {shown(first.id)}", "dim")
    if not found.is_complete:
        yield Text("not complete: only the newest outputs were counted, or a re-binding is under way", "yellow")


def print_stale(console: Console, found: Sequence[Staleness]) -> None:
    """Print why runs or states are stale: the causes by the run that they lie in, the nearest first."""
    lines = [line for one in found for line in _staleness(one)]
    for line in lines[:MAX_LINES]:
        console.print(line)
    if len(lines) > MAX_LINES:
        console.print(Text(f"{len(lines) - MAX_LINES:,} more lines: --json has all", "yellow"))
    if not found:
        console.print(Text("nothing is stale", "green"))


def _staleness(found: Staleness) -> Iterator[Text]:
    run = found.runs.get(found.of)
    name = f"{component(run)}  {shown(found.of)}" if run else shown(found.of)
    if not found.is_stale:
        yield Text(f"{name}  is not stale", "green")
        return
    own = sum(not cause.is_inherited for cause in found.causes)
    yield Text(name, "bold").append(f"  is stale (own causes: {own}, inherited: {len(found.causes) - own})")
    for path, causes in groupby(found.causes, key=lambda cause: cause.path):
        if path != (found.of,):
            way = " ← ".join(component(found.runs.get(step)) for step in reversed(path))
            yield Text(f"  {way}", "magenta").append(f"  {shown(path[0])}", "dim")
        yield from (_cause(cause) for cause in causes)


def _cause(cause: Cause) -> Text:
    text = Text(f"    {cause.kind.replace('_', ' ')}: ", "yellow")
    read = "" if cause.edge is None else f"read {shown(cause.edge.source)}"
    evidence = {"fresher_state": "there was ", "fresher_run": "there was run "}.get(cause.kind, "")
    return text.append(", ".join(filter(None, (read, evidence + shown(cause.evidence)))))


def print_diff(console: Console, found: Diff) -> None:
    """Print the differences, most upstream first."""
    if found.first is None:
        console.print(Text("no difference", "green"))
        return
    first = found.first
    console.print(Text(f"first divergence: {first.kind.replace('_', ' ')}, {shown(first.what)}", "bold"))
    _print_divergences(console, found.divergences)
    if not found.is_complete:
        console.print(Text("not complete: too many pairs of runs were met", "yellow"))


def _print_divergences(console: Console, found: Sequence[Divergence]) -> None:
    rows = [(d.depth, d.kind.replace("_", " "), d.what, *map(_value, d.values), d.a or "", d.b or "") for d in found]
    columns = (">runs up", "kind", "what", "a", "b", "run of a", "run of b")
    table(console, columns, rows[:MAX_LINES])
    if len(rows) > MAX_LINES:
        console.print(Text(f"{len(rows) - MAX_LINES:,} more: --json has all", "yellow"))


def _value(value: object) -> str:
    return "" if value is None else brief(value)
