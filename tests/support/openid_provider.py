"""A provider of OpenID Connect on this machine: its discovery document, its keys, and tokens that it signs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "headwater"
Private: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(slots=True)
class Provider:
    """What it publishes at this moment, and how often it was asked for its keys."""

    issuer: str = ""
    keys: dict[str, Private] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    asked: int = 0
    is_down: bool = False

    def publish(self, **keys: Private) -> None:
        """Have just these keys, by their ids."""
        self.keys = keys
        self.documents = {
            "/.well-known/openid-configuration": {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"},
            "/keys": {"keys": [{**public(key), "kid": kid, "use": "sig"} for kid, key in keys.items()]},
        }

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Return claims that are let in to read; a change to None leaves one out."""
        known = {"iss": self.issuer, "aud": AUDIENCE, "sub": "u-1", "exp": time.time() + 300}
        found = {**known, "scope": "openid headwater:read", **changed}
        return {name: value for name, value in found.items() if value is not None}

    def token(self, kid: str = "one", **changed: Any) -> str:
        """Return a token signed with one of the keys."""
        return signed(self.keys[kid], kid, self.claims(**changed))


def signed(key: Private, kid: str, claims: dict[str, Any]) -> str:
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    return jwt.encode(claims, key, algorithm, headers={"kid": kid})


def public(key: Private) -> dict[str, Any]:
    """Return the public half as a JSON Web Key."""
    if isinstance(key, rsa.RSAPrivateKey):
        return dict(RSAAlgorithm.to_jwk(key.public_key(), as_dict=True))
    return dict(ECAlgorithm.to_jwk(key.public_key(), as_dict=True))


@contextmanager
def provider() -> Iterator[Provider]:
    """Run a provider on a free port until the end of the context."""
    found = Provider()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked += self.path == "/keys"
            document = None if found.is_down else found.documents.get(self.path)
            self.send_response(200 if document else 503)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        found.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()
