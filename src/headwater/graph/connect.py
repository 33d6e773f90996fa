"""From a URL to a store, and the store that everything uses when none is named."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from headwater.errors import InvalidStoreURL, MissingExtra, UsageError
from headwater.graph.lineage.face import Lineage
from headwater.graph.query_store import QueryStore
from headwater.graph.store import Store

DEFAULT_STORE = "sqlite:///.headwater/lineage.db"
DEFAULT_DATABASE = "neo4j"
_BOLT_SCHEMES = frozenset({"bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"})
_SERVICE_SCHEMES = frozenset({"http", "https"})
_ON = frozenset({"1", "true", "yes", "on"})

_lock = threading.Lock()
_default: list[Lineage] = []
_configured: list[tuple[str | None, str | None]] = []


def connect(
    store: str | None = None,
    *,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
    token: str | None = None,
) -> Lineage:
    """Open the lineage graph at a URL.

    `sqlite:///relative.db`, `sqlite:////absolute.db`, `bolt://host:7687`, `neo4j+s://host`, or a service:
    `https://host`. What is not given comes from HEADWATER_STORE, HEADWATER_NEO4J_USER, HEADWATER_NEO4J_PASSWORD,
    HEADWATER_NEO4J_DATABASE and HEADWATER_TOKEN.
    Raises InvalidStoreURL, MissingExtra, StoreUnavailable, AuthenticationFailed, NotAStore, SchemaTooNew.
    """
    return Lineage(open_store(store, user=user, password=password, database=database, token=token))


def open_store(
    store: str | None = None,
    *,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
    token: str | None = None,
    retry_s: float = 30.0,
) -> Store:
    """Open the store at a URL: `connect` without the questions.

    `retry_s` is for how long a server that is gone, or busy with others, is asked again before that is a failure.
    """
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
            database or environ.get("HEADWATER_NEO4J_DATABASE") or DEFAULT_DATABASE,
            retry_s,
        )
    if scheme in _SERVICE_SCHEMES:
        return _open_service(url, token or environ.get("HEADWATER_TOKEN") or None, retry_s)
    raise InvalidStoreURL(f"no store is known for {_shown(url)!r}")


def configure(
    store: str | None = None,
    *,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
    token: str | None = None,
) -> Lineage:
    """Open a lineage graph and make it the one that `headwater.trace`, `log_run` and the others use from now on."""
    opened = connect(store, user=user, password=password, database=database, token=token)
    with _lock:
        previous, _default[:] = list(_default), [opened]
        _configured[:] = [(_whole(store), database)]
    for old in previous:
        old.close()
    return opened


def default() -> Lineage:
    """Return the configured lineage graph; at first use, the one that the environment names."""
    with _lock:
        if not _default:
            _default.append(connect())
        return _default[0]


def default_url() -> str:
    """Return the URL of the lineage graph that `default` returns: the configured one, else that of the environment."""
    store, _ = next(iter(_configured), (None, None))
    return store or os.environ.get("HEADWATER_STORE") or DEFAULT_STORE


def default_database() -> str:
    """Return the database, of a Neo4j server, of the lineage graph that `default` returns."""
    _, database = next(iter(_configured), (None, None))
    return database or os.environ.get("HEADWATER_NEO4J_DATABASE") or DEFAULT_DATABASE


def _whole(store: str | None) -> str | None:
    """Return the URL of a file from the root on: the program may go to another folder."""
    if store is None or not store.startswith("sqlite:///"):
        return store
    return f"sqlite:///{Path(store.removeprefix('sqlite:///')).absolute()}"


def _open_sqlite(url: str) -> Store:
    from headwater.graph.embedded import SQLiteEngine

    if not url.startswith("sqlite:///") or len(url) == len("sqlite:///") or "?" in url:
        raise InvalidStoreURL(
            f"{url!r} names no file", hint="use sqlite:///relative/path.db or sqlite:////absolute/path.db"
        )
    path = unquote(url.removeprefix("sqlite:///"))
    try:
        has_nul = b"\0" in os.fsencode(path)
    except UnicodeEncodeError as exc:
        raise InvalidStoreURL(f"{path!r} can be no file's name: {exc}") from exc
    if has_nul:
        raise InvalidStoreURL(f"{path!r} holds a NUL character")
    return QueryStore(SQLiteEngine(Path(path)))


def _open_neo4j(url: str, user: str | None, password: str | None, database: str, retry_s: float) -> Store:
    try:
        from headwater.graph.neo4j import Neo4jEngine
    except ModuleNotFoundError as exc:
        raise MissingExtra("the Neo4j driver is not installed", hint="pip install 'headwater[neo4j]'") from exc
    _check_server(url)
    return QueryStore(Neo4jEngine(url, user, password, database, retry_s=retry_s))


def _open_service(url: str, token: str | None, retry_s: float) -> Store:
    from headwater.graph.remote import RemoteStore
    from headwater.graph.transport import Address

    parts = _server(url, "set HEADWATER_TOKEN")
    if parts.query or parts.fragment:
        raise InvalidStoreURL(f"{_shown(url)!r} holds more than an address", hint="leave out what stands behind ? or #")
    host, is_encrypted = str(parts.hostname), parts.scheme == "https"
    address = Address(host, parts.port, parts.path.rstrip("/"), is_encrypted, _is_loopback(host), url)
    if token is not None:
        _check_token(token, address.url, is_safe=is_encrypted or address.is_loopback)
    return RemoteStore(address, token, retry_s=retry_s)


def _check_token(token: str, url: str, *, is_safe: bool) -> None:
    """Raise UsageError for a token that cannot be sent, or that others on the way could read."""
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError("the token holds characters that no token has", hint="correct HEADWATER_TOKEN")
    if not is_safe and os.environ.get("HEADWATER_PLAIN_HTTP", "").strip().lower() not in _ON:
        raise UsageError(
            f"a token would travel to {url} in the clear",
            hint="use https://, or set HEADWATER_PLAIN_HTTP=1 where nobody else can listen",
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _check_server(url: str) -> None:
    """Raise InvalidStoreURL unless the URL is one of a Neo4j server."""
    parts = _server(url, "set HEADWATER_NEO4J_USER and HEADWATER_NEO4J_PASSWORD")
    if parts.path not in ("", "/"):
        raise InvalidStoreURL(f"{_shown(url)!r} holds a path", hint="set HEADWATER_NEO4J_DATABASE")
    if parts.query and parts.scheme.startswith("bolt"):
        raise InvalidStoreURL(f"{_shown(url)!r} holds a query")


def _server(url: str, secrets_hint: str) -> SplitResult:
    """Return the parts of a URL with a host, perhaps a port, and no secret; no message repeats one."""
    if "@" in url:
        raise InvalidStoreURL(f"{_shown(url)!r} holds a user or password", hint=secrets_hint)
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")
    except ValueError as exc:
        raise InvalidStoreURL(f"{_shown(url)!r} is no URL: {exc}") from exc
    if not host:
        raise InvalidStoreURL(f"{_shown(url)!r} names no host")
    try:
        parts.port  # noqa: B018  # reading it checks it
    except ValueError:
        raise InvalidStoreURL(f"the port in the URL of {parts.hostname!r} is not a number up to 65535") from None
    return parts


def _shown(url: str) -> str:
    """Return the URL without what may be secret: user, password and query."""
    scheme, found, rest = url.partition("://")
    bare = (rest if found else url).rpartition("@")[2].partition("?")[0].partition("#")[0]
    return f"{scheme}://{bare}" if found else bare
