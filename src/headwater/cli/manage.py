"""The commands that change or tell about the store itself: flags, the digest, the queries, the demo, the doctor."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from headwater.cli import render
from headwater.cli.ask import Outputs
from headwater.cli.context import Json, asking, opened, show, store_url, user
from headwater.cli.text import shown
from headwater.errors import StoreError, UsageError
from headwater.queries.catalogue import catalogue
from headwater.queries.export import export_pack
from headwater.sdk.recording import recorded

Who = Annotated[str | None, typer.Option(help="Who says so; default: the user of this machine.")]
Why = Annotated[str | None, typer.Option(help="The reason.")]

queries = typer.Typer(
    help="The queries that the product runs, for reading and for Neo4j Browser.", no_args_is_help=True
)


class Dialect(StrEnum):
    """The two halves of a query."""

    CYPHER = "cypher"
    SQL = "sql"


def add_to(app: typer.Typer) -> None:
    """Add these commands to the application."""
    for command in (flag, unflag, digest, stats, demo, doctor):
        app.command()(command)
    app.add_typer(queries, name="queries")


def flag(output: Outputs, why: Why = None, who: Who = None, as_json: Json = False) -> None:
    """Flag outputs or runs for review."""
    with asking() as lineage:
        found = lineage.flag(output, who or user(), why)
    show({"flagged": found}, as_json, lambda to: _print_lines(to, "flagged", found))


def unflag(output: Outputs, why: Why = None, who: Who = None, as_json: Json = False) -> None:
    """Clear the flag of outputs or runs."""
    with asking() as lineage:
        found = lineage.unflag(output, who or user(), why)
    show({"unflagged": found}, as_json, lambda to: _print_lines(to, "cleared", found))


def _print_lines(console: Console, what: str, found: Sequence[str]) -> None:
    for one in found:
        console.print(Text(f"{what} {shown(one)}"))


def digest(as_json: Json = False) -> None:
    """Print the hash of the whole graph: equal on every store that holds the same facts."""
    with asking() as lineage:
        found = lineage.digest()
    show({"digest": found}, as_json, lambda _: typer.echo(found))


def stats(as_json: Json = False) -> None:
    """Count the components, runs, pointers and edges."""
    with asking() as lineage:
        found = dict(lineage.stats())
    rows = [(name.replace("_", " "), f"{count:,}") for name, count in found.items()]
    show(found, as_json, lambda to: render.table(to, ("what", ">how many"), rows))


def doctor(as_json: Json = False) -> None:
    """Check that the store can be opened and read, say what it is, and what became of what programs recorded."""
    found: dict[str, Any] = {"store": store_url()}
    try:
        with asking() as lineage:
            mark = lineage.store.watermark()
            about = {**lineage.store.about(), "readable": True}
            found |= {**about, "watermark": mark.position, "rebinding": mark.rebinding}
    except StoreError as exc:
        found |= {"readable": False, **exc.to_dict()}
    found |= recorded(store_url())
    rows = [(name, str(value)) for name, value in found.items() if name != "error"]
    rows += [(name, str(value)) for name, value in found.get("error", {}).items()]
    show(found, as_json, lambda to: render.table(to, ("what", "found"), rows))
    if not found["readable"]:
        raise typer.Exit(1)


def demo() -> None:
    """Run a pipeline on real taxi trips, with one mistake in it, and find the run that is to blame."""
    from headwater.demo import run_demo

    with opened() as lineage:
        run_demo(lineage, store_url())


@queries.command("list")
def list_queries(as_json: Json = False) -> None:
    """List the queries with what they are for."""
    rows = [(query.name, query.purpose.splitlines()[0]) for query in catalogue()]
    document = {"queries": [{"name": name, "purpose": purpose} for name, purpose in rows]}
    show(document, as_json, lambda to: render.table(to, ("query", "purpose"), rows))


@queries.command("show")
def show_query(name: str, dialect: Dialect = Dialect.CYPHER, as_json: Json = False) -> None:
    """Print one query as it stands in its file."""
    query = catalogue()[name]
    text = query.cypher.text if dialect is Dialect.CYPHER else query.sql.text
    show({"name": name, "dialect": dialect.value, "text": text}, as_json, lambda _: typer.echo(text, nl=False))


@queries.command("export")
def export_queries(folder: Path, as_json: Json = False) -> None:
    """Write the Neo4j Browser pack: a file a query with its parameters, and a style sheet."""
    try:
        written = export_pack(catalogue(), folder)
    except OSError as exc:
        raise UsageError(f"{folder} cannot be written: {exc.strerror}", hint="name another folder") from exc
    document = {"written": [str(path) for path in written]}
    show(document, as_json, lambda to: to.print(f"{len(written)} files in {folder}", markup=False))
