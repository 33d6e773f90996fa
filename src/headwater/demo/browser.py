"""What to open and paste in Neo4j Browser when the lineage lies in Neo4j."""

from __future__ import annotations

from urllib.parse import urlsplit

from headwater.queries.catalogue import catalogue

_HTTP_PORT = 7474


def is_neo4j(url: str) -> bool:
    """Whether the URL of a store leads to a Neo4j server."""
    return url.startswith(("bolt", "neo4j"))


def browser_url(url: str) -> str:
    """Return where the server behind a Bolt URL serves Neo4j Browser by convention; a server may have moved it."""
    return f"http://{urlsplit(url).hostname}:{_HTTP_PORT}/browser/"


def upstream_query(state: str) -> str:
    """Return the query that the product traces with, for one state, as one statement to be pasted."""
    quoted = state.replace("\\", "\\\\").replace("'", "\\'")
    return catalogue()["trace/upstream"].cypher.body.replace("$ids", f"['{quoted}']")
