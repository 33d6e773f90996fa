"""The typer application: the options before the command, the commands, and what happens when one fails."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from headwater.cli import agents, artifacts, ask, forget, manage, quality, serve, tokens, transfer
from headwater.cli.context import Json, fail, options
from headwater.errors import HeadwaterError


class Commands(TyperGroup):
    """The commands; a failure with a name is told and exits 1."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse words that are no text: a shell passes any bytes, and no name holds such."""
        for word in args:
            try:
                word.encode()
            except UnicodeEncodeError as exc:
                raise typer.BadParameter(f"{word!r} is not UTF-8") from exc
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except HeadwaterError as error:
            fail(error)


app = typer.Typer(
    name="headwater",
    cls=Commands,
    help="Lineage for machine-learning pipelines: where outputs came from, what inputs reach, which run is to blame.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
ask.add_to(app)
quality.add_to(app)
manage.add_to(app)
transfer.add_to(app)
forget.add_to(app)
serve.add_to(app)
agents.add_to(app)
tokens.add_to(app)
artifacts.add_to(app)


@app.callback()
def before(
    store: Annotated[str | None, typer.Option(help="URL of the store; wins over HEADWATER_STORE.")] = None,
    user: Annotated[
        str | None, typer.Option(help="User of a Neo4j store; the password is HEADWATER_NEO4J_PASSWORD.")
    ] = None,
    database: Annotated[str | None, typer.Option(help="Database of a Neo4j store.")] = None,
    as_json: Json = False,
) -> None:
    """Take the options that stand before the command."""
    options.store, options.user, options.database, options.json = store, user, database, as_json


def run() -> None:
    """Run the command line with the exit codes that programs rely on."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name may hold what the terminal's encoding lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="headwater")
    except OSError as exc:
        _forget_output()
        sys.exit(f"headwater: the output cannot be written: {exc.strerror}")


def _forget_output() -> None:
    """Let the interpreter flush what is left into nothing."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
