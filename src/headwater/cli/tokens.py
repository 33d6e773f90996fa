"""The commands that make, list and revoke the tokens of the HTTP service; a running service sees it at once."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.api.tokens import Scope, TokenFolder
from headwater.cli import render
from headwater.cli.context import Json, show
from headwater.cli.text import when
from headwater.settings import load_settings

tokens = typer.Typer(help="The tokens of the HTTP service.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Whose token it is: stands in the log of changes.")]
Scopes = Annotated[list[Scope], typer.Option("--scope", help="What it allows (may be repeated).")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The id that `tokens list` shows.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(tokens, name="tokens")


@tokens.command("add")
def add_token(name: Name, scope: Scopes, as_json: Json = False) -> None:
    """Make a token and print it: it is shown this once, only its hash is kept."""
    token, text = _folder().add(name, scope)
    show({**token.to_dict(), "token": text}, as_json, lambda _: typer.echo(text))


@tokens.command("list")
def list_tokens(as_json: Json = False) -> None:
    """List the tokens, oldest first."""
    found = _folder().tokens()
    rows = [(token.id, token.name, ", ".join(token.scopes), when(token.created_at)) for token in found]
    document = {"tokens": [token.to_dict() for token in found]}
    show(document, as_json, lambda to: render.table(to, ("id", "name", "scopes", "made (UTC)"), rows, "no tokens"))


@tokens.command("revoke")
def revoke_token(ident: Id, as_json: Json = False) -> None:
    """Take a token back: the next request with it is refused."""
    _folder().revoke(ident)
    show({"revoked": ident}, as_json, lambda _: typer.echo(f"revoked {ident}"))


def _folder() -> TokenFolder:
    return TokenFolder(load_settings().api_tokens)
