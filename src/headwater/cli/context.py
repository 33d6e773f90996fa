"""What every command shares: the store that is named, output for people or programs, failures."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from headwater.cli.text import shown
from headwater.errors import HeadwaterError
from headwater.graph.connect import open_store
from headwater.graph.lineage.face import Lineage
from headwater.settings import load_settings

# Wider than any line: a terminal may break lines, but no id is ever cut.
_WIDTH = 1_000_000


@dataclass(slots=True)
class Options:
    """The options before the command; they win over the environment."""

    store: str | None = None
    user: str | None = None
    database: str | None = None
    json: bool = False


options = Options()


def _choose_json(is_asked: bool) -> bool:
    """Keep the choice where failures see it too."""
    options.json = options.json or is_asked
    return is_asked


Json = Annotated[bool, typer.Option("--json", callback=_choose_json, help="Print one JSON document and nothing else.")]


def store_url() -> str:
    """Return the URL of the store that the commands use."""
    return options.store or load_settings().store


def opened(retry_s: float = 30.0) -> Lineage:
    """Open the lineage graph that the options and the environment name; a server that is gone is retried so long."""
    found = load_settings()
    password = None if found.neo4j_password is None else found.neo4j_password.get_secret_value()
    store = open_store(
        store_url(),
        user=options.user or (found.neo4j_user if password else None),
        password=password,
        database=options.database or found.neo4j_database,
        token=None if found.token is None else found.token.get_secret_value(),
        retry_s=retry_s,
    )
    return Lineage(store)


@contextmanager
def asking() -> Iterator[Lineage]:
    """Open the lineage graph for one question; a terminal shows that it is being answered."""
    stderr = Console(stderr=True)
    waiting = stderr.status("asking the lineage graph ...") if stderr.is_terminal else nullcontext()
    with waiting, opened() as lineage:
        yield lineage


def show(document: Any, as_json: bool, people: Callable[[Console], None]) -> None:
    """Print an answer: the document for programs, else what `people` prints."""
    if as_json or options.json:
        _print_json(document)
    else:
        people(Console(width=_WIDTH, highlight=False))


def fail(error: HeadwaterError) -> NoReturn:
    """Print a named failure and exit 1."""
    if options.json:
        _print_json(error.to_dict())
    else:
        stderr = Console(stderr=True, width=_WIDTH, highlight=False)
        stderr.print(Text("headwater: ", "bold red").append(_lines(error.message), "default"))
        if error.hint:
            stderr.print(Text(f"  {_lines(error.hint)}"))
    raise typer.Exit(1)


def user() -> str | None:
    """Return the user of this machine; a container's may have no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return None


def instant(text: str | None, what: str) -> datetime | None:
    """Return the time of an option: RFC 3339, a bare date or time counts as UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise typer.BadParameter(f"{what} {text!r} is no time: write it as 2026-01-31 or 2026-01-31T12:00:00Z") from exc
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _print_json(document: Any) -> None:
    # ASCII passes through every locale and pipe; readers of JSON undo it.
    typer.echo(json.dumps(document, indent=2, allow_nan=False))


def _lines(text: str) -> str:
    return "\n".join(map(shown, text.splitlines()))
