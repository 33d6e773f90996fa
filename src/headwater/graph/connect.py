"""From a URL to a store, and the store that everything uses when none is named."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from headwater.errors import InvalidStoreURL, MissingExtra
from headwater.graph.lineage.face import Lineage
from headwater.graph.query_store import QueryStore
from headwater.graph.store import Store

DEFAULT_STORE = "sqlite:///.headwater/lineage.db"
_BOLT_SCHEMES = frozenset({"bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"})

_lock = threading.Lock()
_default: list[Lineage] = []


def connect(
    store: str | None = None, *, user: str | None = None, password: str | None = None, database: str | None = None
) -> Lineage:
    """Open the lineage graph at a URL; `sqlite:///relative.db`, `sqlite:////absolute.db`, `bolt://host:7687`, `neo4j+s://host`.

    What is not given comes from HEADWATER_STORE, HEADWATER_NEO4J_USER, HEADWATER_NEO4J_PASSWORD and
    HEADWATER_NEO4J_DATABASE.
    Raises InvalidStoreURL, MissingExtra, StoreUnavailable, AuthenticationFailed, NotAStore, SchemaTooNew.
    """
    return Lineage(open_store(store, user=user, password=password, database=database))


def open_store(
    store: str | None = None, *, user: str | None = None, password: str | None = None, database: str | None = None
) -> Store:
    """Open the store at a URL: `connect` without the questions."""
    environ: Mapping[str, str] = os.environ
    url = store or environ.get("HEADWATER_STORE") or DEFAULT_STORE
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        return _open_sqlite(url)
    if scheme in _BOLT_SCHEMES:
        return _open_neo4j(
            url,
            user or environ.get("HEADWATER_NEO4J_USER"),
            password or environ.get("HEADWATER_NEO4J_PASSWORD"),
            database or environ.get("HEADWATER_NEO4J_DATABASE") or "neo4j",
        )
    raise InvalidStoreURL(f"no store is known for {_without_password(url)!r}")


def configure(
    store: str | None = None, *, user: str | None = None, password: str | None = None, database: str | None = None
) -> Lineage:
    """Open a lineage graph and make it the one that `headwater.trace`, `log_run` and the others use from now on."""
    opened = connect(store, user=user, password=password, database=database)
    with _lock:
        previous, _default[:] = list(_default), [opened]
    for old in previous:
        old.close()
    return opened


def default() -> Lineage:
    """Return the configured lineage graph; at first use, the one that the environment names."""
    with _lock:
        if not _default:
            _default.append(connect())
        return _default[0]


def _open_sqlite(url: str) -> Store:
    from headwater.graph.embedded import SQLiteEngine

    if not url.startswith("sqlite:///") or len(url) == len("sqlite:///") or "?" in url:
        raise InvalidStoreURL(
            f"{url!r} names no file", hint="use sqlite:///relative/path.db or sqlite:////absolute/path.db"
        )
    return QueryStore(SQLiteEngine(Path(unquote(url.removeprefix("sqlite:///")))))


def _open_neo4j(url: str, user: str | None, password: str | None, database: str) -> Store:
    try:
        from headwater.graph.neo4j import Neo4jEngine
    except ModuleNotFoundError as exc:
        raise MissingExtra("the Neo4j driver is not installed", hint="pip install 'headwater[neo4j]'") from exc
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise InvalidStoreURL(
            f"{_without_password(url)!r} holds a user or password",
            hint="set HEADWATER_NEO4J_USER and HEADWATER_NEO4J_PASSWORD",
        )
    if not parts.hostname:
        raise InvalidStoreURL(f"{url!r} names no host")
    return QueryStore(Neo4jEngine(url, user, password, database))


def _without_password(url: str) -> str:
    scheme, found, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if found else url
