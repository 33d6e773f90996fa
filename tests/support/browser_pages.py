"""What Neo4j Browser does with a page that is pasted into its editor, without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import neo4j

_PIECE = re.compile(r"""(?:'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"|`[^`]*`|//[^\n]*|[^;])+""")
_TITLE = re.compile(r"\s*(?://[^\n]*\n\s*)*")


def statements(page: str) -> Iterator[str]:
    """Yield what stands between the semicolons of a page, without the comments before it."""
    for piece in _PIECE.findall(page):
        if text := _TITLE.sub("", piece, count=1).strip():
            yield text


def browser_values(session: neo4j.Session, lines: Iterable[str]) -> dict[str, Any]:
    """Return the parameters that lines like `:param most => 20` set; the server works out each value."""
    pairs = [line.removeprefix(":param ").split(" => ", 1) for line in lines]
    if not pairs:
        return {}
    columns = ", ".join(f"{value} AS {name}" for name, value in pairs)
    return dict(session.run(f"RETURN {columns}").single(strict=True))


def run_page(session: neo4j.Session, page: str) -> list[neo4j.Record] | None:
    """Set the parameters of a page and run its statements; return the rows of the last.

    What writes is planned and not run; of a page that ends with it there are no rows, but None.
    """
    params: dict[str, Any] = {}
    rows: list[neo4j.Record] | None = None
    for text in statements(page):
        if text.startswith(":param "):
            params |= browser_values(session, [text])
        elif session.run(f"EXPLAIN {text}", params).consume().query_type == "r":
            rows = list(session.run(text, params))
        else:
            rows = None
    return rows
