"""The headers that every response carries: the request's id, and what keeps browsers from mischief."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Scope

REQUEST_ID = "x-request-id"
DOCS_FILES = "/docs-files"

_SECURE: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_NO_CONTENT = "default-src 'none'; frame-ancestors 'none'"
# The page at /docs is the framework's, and starts itself inline.
_DOCS_CONTENT = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
)


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers that go with every response to this request."""
    policy = _DOCS_CONTENT if scope["path"] == "/docs" else _NO_CONTENT
    return {**_SECURE, "content-security-policy": policy, REQUEST_ID: scope["state"].get("request_id", "")}
