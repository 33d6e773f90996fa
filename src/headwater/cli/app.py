"""The typer application: the options before the command, the commands, and what happens when one fails."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from headwater.cli import ask, manage
from headwater.cli.context import Json, fail, options, quiet_pipe
from headwater.errors import HeadwaterError

app = typer.Typer(
    name="headwater",
    help="Lineage for machine-learning pipelines: where outputs came from, what inputs reach, which run is to blame.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
ask.add_to(app)
manage.add_to(app)


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
    try:
        app()
    except HeadwaterError as error:
        fail(error, options.json or "--json" in sys.argv)
    except BrokenPipeError:
        quiet_pipe()
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
