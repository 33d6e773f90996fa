"""Who bears a token of an OpenID Connect provider: its issuer's keys say so, and nothing that the token says of itself.

The keys are found by the issuer's discovery document and kept for a while; a key that is not known is looked for at
once, so that an issuer may change its keys at any time.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from headwater.api.failures import IssuerUnavailable
from headwater.api.tokens import Identity, Scope
from headwater.errors import MissingExtra, UsageError
from headwater.settings import Settings

if TYPE_CHECKING:
    from jwt import PyJWKClient

# Signatures by a private key only: with HS256 a public key, which everybody has, would be the secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
KEYS_KEPT_S = 600.0
KEYS_AGAIN_S = 5.0
_TIMEOUT_S = 5.0
_CLOCKS_DIFFER_S = 60
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_REQUIRED = ("iss", "aud", "sub", "exp")


class OpenID:
    """The tokens of one issuer for one audience; `settings` name both, and the claim that holds the scopes.

    Raises UsageError for an issuer without TLS, MissingExtra without the package that checks signatures.
    """

    def __init__(self, settings: Settings) -> None:
        try:
            import jwt
        except ModuleNotFoundError as exc:
            raise MissingExtra(f"{exc.name} is not installed", hint="pip install 'headwater[oidc]'") from exc
        self._jwt = jwt
        self._issuer = _checked(settings.api_oidc_issuer or "", "HEADWATER_API_OIDC_ISSUER")
        if not settings.api_oidc_audience:
            raise UsageError("an issuer of tokens needs an audience", hint="set HEADWATER_API_OIDC_AUDIENCE")
        self._audience = settings.api_oidc_audience
        self._claim, self._prefix = settings.api_oidc_claim, settings.api_oidc_prefix
        self._lock = threading.Lock()
        self._keys: PyJWKClient | None = None

    def bearer(self, text: str) -> Identity | None:
        """Return whose token a text is, None if it is nobody's. Raises IssuerUnavailable when the keys cannot be had.

        May wait for the issuer: call it in a thread.
        """
        try:
            key = self._client().get_signing_key_from_jwt(text)
            claims = self._jwt.decode(
                text,
                key,
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                leeway=_CLOCKS_DIFFER_S,
                options={"require": list(_REQUIRED)},
            )
        except self._jwt.PyJWKClientConnectionError as exc:
            raise IssuerUnavailable from exc
        except self._jwt.PyJWTError:
            return None
        return self._identity(claims)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        subject = claims["sub"]
        name = claims.get("preferred_username")
        return Identity(f"oidc:{subject}", name if isinstance(name, str) and name else subject, self._scopes(claims))

    def _scopes(self, claims: Mapping[str, Any]) -> frozenset[Scope]:
        words = {word.removeprefix(self._prefix) for word in _words(claims.get(self._claim), self._prefix)}
        return frozenset(scope for scope in Scope if scope.value in words)

    def _client(self) -> PyJWKClient:
        with self._lock:
            if self._keys is None:
                self._keys = self._jwt.PyJWKClient(
                    self._discovered(), lifespan=KEYS_KEPT_S, timeout=_TIMEOUT_S, cooldown_duration=KEYS_AGAIN_S
                )
            return self._keys

    def _discovered(self) -> str:
        """Return where the issuer's keys are."""
        url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            with urlopen(url, timeout=_TIMEOUT_S) as response:
                found = json.load(response)
            if found["issuer"] != self._issuer:
                raise IssuerUnavailable(f"{url} is the document of another issuer")
            return _checked(found["jwks_uri"], "the address of its keys")
        except (OSError, ValueError, KeyError, TypeError) as exc:
            if isinstance(exc, HTTPError):
                exc.close()
            raise IssuerUnavailable from exc


def _checked(url: str, what: str) -> str:
    """Return the URL; raise UsageError unless nobody between here and there can change what is read."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL):
        return url
    raise UsageError(f"{what} {url!r} is not https", hint="plain http is for this machine only")


def _words(value: object, prefix: str) -> Iterator[str]:
    """Give the words of a claim that begin with the prefix: a text of words, or a list of them."""
    words = value.split() if isinstance(value, str) else value if isinstance(value, list) else ()
    return (word for word in words if isinstance(word, str) and word.startswith(prefix))
