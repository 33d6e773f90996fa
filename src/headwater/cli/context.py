"""What every command shares: the store that is named, output for people or programs, failures."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from headwater.errors import HeadwaterError
from headwater.graph.connect import connect
from headwater.graph.lineage.face import Lineage
from headwater.settings import Settings, load_settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@dataclass(slots=True)
class Options:
    """The options before the command; they win over the environment."""

    store: str | None = None
    user: str | None = None
    database: str | None = None
    json: bool = False


options = Options()


def settings() -> Settings:
    """Return the settings of the environment."""
    return load_settings()


def store_url() -> str:
    """Return the URL of the store that the commands use."""
    return options.store or settings().store


def opened() -> Lineage:
    """Open the lineage graph that the options and the environment name."""
    found = settings()
    password = None if found.neo4j_password is None else found.neo4j_password.get_secret_value()
    return connect(
        store_url(),
        user=options.user or (found.neo4j_user if password else None),
        password=password,
        database=options.database or found.neo4j_database,
    )


def console() -> Console:
    """Return where people read: wide and without wrapping when it is no terminal, so that ids stay whole."""
    return Console() if sys.stdout.isatty() else Console(width=240, soft_wrap=True)


def show(document: Any, as_json: bool, people: Callable[[Console], None]) -> None:
    """Print an answer: the document for programs, else what `people` prints."""
    if as_json or options.json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    else:
        people(console())


def fail(error: HeadwaterError, as_json: bool) -> NoReturn:
    """Print a named failure and exit 1."""
    if as_json:
        sys.stdout.write(json.dumps(error.to_dict(), ensure_ascii=False, indent=2) + "\n")
    else:
        stderr = Console(stderr=True, soft_wrap=True, highlight=False)
        stderr.print(f"[bold red]headwater:[/] {_plain(error.message)}", markup=True)
        if error.hint:
            stderr.print(f"  {_plain(error.hint)}")
    raise SystemExit(1)


def quiet_pipe() -> NoReturn:
    """End without a word when the reader of our output has gone."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)


def instant(text: str | None, what: str) -> datetime | None:
    """Return the time of an option: RFC 3339, a bare date or time counts as UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise typer.BadParameter(f"{what} {text!r} is no time: write it as 2026-01-31 or 2026-01-31T12:00:00Z") from exc
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
