"""Names for the shell's completion: of a file that exists, for a key press must not make one or wait for a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import typer

from headwater.errors import HeadwaterError
from headwater.graph.connect import connect
from headwater.graph.lineage.face import Lineage
from headwater.settings import load_settings

_MOST = 50
_SQLITE = "sqlite:///"


def pointers(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return names of pointers that begin so."""
    return _ask(ctx, incomplete, lambda lineage: [found.name for found in lineage.search(incomplete, _MOST)])


def components(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return names of components that begin so."""
    return _ask(ctx, incomplete, lambda lineage: [found.name for found in lineage.components()])


def _ask(ctx: typer.Context, incomplete: str, names: Callable[[Lineage], list[str]]) -> list[str]:
    try:
        url = ctx.find_root().params.get("store") or load_settings().store
        if not url.startswith(_SQLITE) or not Path(unquote(url.removeprefix(_SQLITE))).is_file():
            return []
        with connect(url) as lineage:
            return [name for name in names(lineage) if name.startswith(incomplete)]
    except HeadwaterError:
        return []
