"""The commands that ask: trace, impact, rank, stale, diff, history and the look-ups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from headwater.cli import complete, render, tree
from headwater.cli.context import Json, asking, instant, show
from headwater.cli.text import MAX_LINES, when
from headwater.graph.answer import Answer, node_document
from headwater.graph.lineage import Derivation, Limits, component_document, inspect_document
from headwater.graph.store import OutputFilter
from headwater.ids import split_state_id


class Format(StrEnum):
    """How a walk is drawn."""

    TREE = "tree"
    MERMAID = "mermaid"
    DOT = "dot"


REFERENCE = "A name (its newest state), name@run, a digest, or a run id."
Outputs = Annotated[list[str], typer.Argument(metavar="OUTPUT", help=REFERENCE, autocompletion=complete.pointers)]
Inputs = Annotated[list[str], typer.Argument(metavar="INPUT", help=REFERENCE, autocompletion=complete.pointers)]
Reference = Annotated[str, typer.Argument(help=REFERENCE, autocompletion=complete.pointers)]
Depth = Annotated[int | None, typer.Option(min=0, help="Stop after this many runs.")]
Nodes = Annotated[int | None, typer.Option(min=1, help="Stop at this many nodes.")]
Time = Annotated[float | None, typer.Option(min=0, help="Stop after this many seconds.")]
StopAt = Annotated[
    str | None,
    typer.Option(help="Do not go on behind runs of this component.", autocompletion=complete.components),
]
AsOf = Annotated[str | None, typer.Option(help="Leave out what came later than this time (RFC 3339; UTC if no zone).")]
Lines = Annotated[int, typer.Option(min=1, help="Draw at most this many lines.")]
Columns = Annotated[bool, typer.Option("--columns", help="Show what columns came from, where a tool told it.")]
ColumnName = Annotated[str | None, typer.Option(help="Only this column of the start; with it --columns is meant.")]
How = Annotated[Format, typer.Option("--format", help="Draw a tree, or print Mermaid or Graphviz text.")]
ComponentName = Annotated[str, typer.Argument(help="The name of a component.", autocompletion=complete.components)]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many.")]
Cursor = Annotated[str | None, typer.Option(help="Where the page before ended.")]
Formula = Annotated[str | None, typer.Option(help="ochiai, frequency, dstar2, tarantula or risk_ratio.")]
Top = Annotated[int, typer.Option(min=1, help="Show this many suspects.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the application."""
    for command in (trace, impact, between, rank, review, stale, history, recent, inspect, components, diff, search):
        app.command()(command)


def trace(
    output: Outputs,
    depth: Depth = None,
    nodes: Nodes = None,
    time: Time = None,
    stop_at: StopAt = None,
    as_of: AsOf = None,
    columns: Columns = False,
    column: ColumnName = None,
    lines: Lines = MAX_LINES,
    how: How = Format.TREE,
    as_json: Json = False,
) -> None:
    """Show what outputs were derived from: the backward trace."""
    with asking() as lineage:
        answer = lineage.trace(output, Limits(depth, nodes, time, stop_at), instant(as_of, "--as-of"))
        found = lineage.derivations(answer, column, backward=True) if columns or column else None
    _show_walk(answer, how, lines, as_json, found, backward=True)


def impact(
    input: Inputs,  # noqa: A002  # the word of the command line
    depth: Depth = None,
    nodes: Nodes = None,
    time: Time = None,
    stop_at: StopAt = None,
    as_of: AsOf = None,
    columns: Columns = False,
    column: ColumnName = None,
    lines: Lines = MAX_LINES,
    how: How = Format.TREE,
    as_json: Json = False,
) -> None:
    """Show what derives from inputs: the forward trace, for deletion requests and bad sources."""
    with asking() as lineage:
        answer = lineage.impact(input, Limits(depth, nodes, time, stop_at), instant(as_of, "--as-of"))
        found = lineage.derivations(answer, column, backward=False) if columns or column else None
    _show_walk(answer, how, lines, as_json, found, backward=False)


def between(source: Reference, target: Reference, how: How = Format.TREE, as_json: Json = False) -> None:
    """Show how TARGET derives from SOURCE: everything on a path between them."""
    with asking() as lineage:
        answer = lineage.between(source, target)
    _show_walk(answer, how, MAX_LINES, as_json, backward=False)


def _show_walk(
    answer: Answer,
    how: Format,
    lines: int,
    as_json: bool,
    found: Sequence[Derivation] | None = None,
    *,
    backward: bool,
) -> None:
    if found is not None:
        document = {**answer.to_dict(), "derivations": [one.to_dict() for one in found]}
        show(document, as_json, lambda to: render.print_derivations(to, found, lines))
    elif how is Format.TREE or as_json:
        show(answer.to_dict(), as_json, lambda to: tree.print_walk(to, answer, backward=backward, most=lines))
    else:
        typer.echo(answer.to_mermaid() if how is Format.MERMAID else answer.to_dot(), nl=False)


def rank(
    output: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="OUTPUT", help="The bad outputs: names, name@run or digests.", autocompletion=complete.pointers
        ),
    ] = None,
    flagged: Annotated[bool, typer.Option("--flagged", help="The bad outputs are those flagged.")] = False,
    component: Annotated[
        list[str] | None,
        typer.Option(help="Outputs of this component (may be repeated).", autocompletion=complete.components),
    ] = None,
    since: Annotated[str | None, typer.Option(help="Produced at or after this time.")] = None,
    until: Annotated[str | None, typer.Option(help="Produced at or before this time.")] = None,
    pattern: Annotated[str | None, typer.Option(help="Names like this glob: * any text, ? one character.")] = None,
    label: Annotated[str | None, typer.Option(help="With this label, KEY=VALUE.")] = None,
    contrast: Annotated[
        list[str] | None, typer.Option(help="A good output (may be repeated); default: the others.")
    ] = None,
    formula: Formula = None,
    top: Top = 10,
    as_json: Json = False,
) -> None:
    """Rank the runs behind bad outputs, most suspicious first; the paper's frequency stands beside."""
    where = OutputFilter(
        components=component or None,
        since=instant(since, "--since"),
        until=instant(until, "--until"),
        pattern=pattern,
        flagged=flagged or None,
        label=_label(label),
    )
    if bool(output) == (where != OutputFilter()):
        raise typer.BadParameter("name the bad outputs, or describe them with options: one of the two")
    with asking() as lineage:
        found = lineage.rank(output or where, contrast or None, formula)
    show(found.to_dict(), as_json, lambda to: render.print_ranking(to, found, top))


def review(formula: Formula = None, top: Top = 10, as_json: Json = False) -> None:
    """Rank the runs behind everything that is flagged."""
    with asking() as lineage:
        found = lineage.review(formula)
    show(found.to_dict(), as_json, lambda to: render.print_ranking(to, found, top))


def stale(
    reference: Annotated[
        str | None,
        typer.Argument(
            help="A run or pointer; without it, each component's newest run.", autocompletion=complete.pointers
        ),
    ] = None,
    as_of: AsOf = None,
    max_age: Annotated[
        float | None, typer.Option(min=0, max=1_000_000, help="An input older than this many days is old (30).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what is stale: old inputs, fresher states or runs, failed tests, each with the edge that proves it."""
    age = None if max_age is None else timedelta(days=max_age)
    at = instant(as_of, "--as-of")
    with asking() as lineage:
        found = lineage.stale_components(at, age) if reference is None else [lineage.stale(reference, at, age)]
    document = {"stale": [one.to_dict() for one in found]} if reference is None else found[0].to_dict()
    show(document, as_json, lambda to: render.print_stale(to, found))


def history(component: ComponentName, limit: Limit = 20, cursor: Cursor = None, as_json: Json = False) -> None:
    """List the newest runs of a component."""
    with asking() as lineage:
        page = lineage.history(component, limit, cursor)
    show(page.to_dict(), as_json, lambda to: render.print_runs(to, page))


def recent(limit: Limit = 20, cursor: Cursor = None, as_json: Json = False) -> None:
    """List the newest runs of all components."""
    with asking() as lineage:
        page = lineage.recent(limit, cursor)
    show(page.to_dict(), as_json, lambda to: render.print_runs(to, page))


def inspect(run: str, as_json: Json = False) -> None:
    """Show one run whole: inputs, outputs, parameters, triggers, annotations."""
    with asking() as lineage:
        detail = lineage.inspect(run)
    show(inspect_document(detail), as_json, lambda to: render.print_run(to, detail))


def components(as_json: Json = False) -> None:
    """List all components."""
    with asking() as lineage:
        found = lineage.components()
    document = {"components": [component_document(component) for component in found]}
    rows = [(c.name, c.owner or "", ", ".join(c.tags), c.description or "") for c in found]
    show(
        document,
        as_json,
        lambda to: render.table(to, ("component", "owner", "tags", "description"), rows, "no components"),
    )


def diff(a: Reference, b: Reference, as_json: Json = False) -> None:
    """Show where two runs, or the traces of two pointers, first differ."""
    with asking() as lineage:
        found = lineage.diff(a, b)
    show(found.to_dict(), as_json, lambda to: render.print_diff(to, found))


def search(text: str, limit: Limit = 50, as_json: Json = False) -> None:
    """List the names that contain TEXT in any case, each with its newest state."""
    with asking() as lineage:
        found = lineage.search(text, limit)
    rows = [(p.name, (split_state_id(p.id) or ("", ""))[1], p.type, when(p.produced_at)) for p in found]
    columns = ("name", "newest state by", "type", "produced (UTC)")
    empty = "no name contains this text"
    show({"pointers": [node_document(p) for p in found]}, as_json, lambda to: render.table(to, columns, rows, empty))


def _label(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise typer.BadParameter(f"--label {text!r}: write it as KEY=VALUE")
    return key, value
