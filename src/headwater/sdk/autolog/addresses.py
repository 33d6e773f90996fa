"""Names of what is no file: addresses without the credentials in them, tables of databases."""

from __future__ import annotations

import re
from typing import Any

from headwater.sdk.plan import MASK, is_secret

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*(::[a-z][a-z0-9+.-]*)*://", re.IGNORECASE)
_SIGNATURES = ("signature", "sig")


def is_address(text: str) -> bool:
    """Whether it begins as an address does."""
    return _ADDRESS.match(text) is not None


def address_of(text: str) -> str:
    """Return an address without user and password; what its query names like a secret or a signature is masked."""
    scheme, mark, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    place, question, query = path.partition("?")
    masked = "&".join(map(_masked, query.split("&")))
    return "".join((scheme, mark, host.rpartition("@")[2], slash, place, question, masked))


def address_of_table(table: str, connection: Any, schema: object = None) -> str | None:
    """Return DATABASE#TABLE for an address of a database or a connection of SQLAlchemy, None for any other."""
    url = connection if isinstance(connection, str) else getattr(getattr(connection, "engine", None), "url", None)
    if url is None:
        return None
    text = url if isinstance(url, str) else str(url.render_as_string(hide_password=True))
    return f"{address_of(text)}#{f'{schema}.' if schema else ''}{table}"


def _masked(part: str) -> str:
    name, equals, _ = part.partition("=")
    is_masked = is_secret(name) or name.lower().endswith(_SIGNATURES)
    return f"{name}{equals}{MASK}" if is_masked else part
