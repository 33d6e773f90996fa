"""Tokens: who may do what. A folder holds a file a token, named by its id; the token itself is never kept.

A file is made and removed whole, and read for every request: what another process adds or revokes counts at once, and
no two writers can lose each other's work.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from headwater import clock
from headwater.errors import NotFound, UsageError

_FORM = re.compile(r"hw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_ID = re.compile(r"[0-9a-f]{12}")
_NO_HASH = "0" * 64


class Scope(StrEnum):
    """What a token allows; `admin` allows everything."""

    READ = "read"
    WRITE = "write"
    FLAG = "flag"
    DELETE = "delete"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: the id and name of a token, and what it allows."""

    id: str
    name: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Return whether this is allowed."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


ANONYMOUS = Identity("", "anonymous", frozenset({Scope.ADMIN}))


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token: the SHA-256 of its text stands for it.

    A plain hash is enough: the secret part has 256 random bits, which nobody guesses however fast the hash is.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    sha256: str

    @property
    def identity(self) -> Identity:
        """Who the bearer is."""
        return Identity(self.id, self.name, frozenset(self.scopes))

    def to_dict(self) -> dict[str, object]:
        """Return what may be shown of it."""
        scopes = [scope.value for scope in self.scopes]
        return {"id": self.id, "name": self.name, "scopes": scopes, "created_at": clock.isoformat(self.created_at)}


class TokenFolder:
    """The tokens of a service."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def are_used(self) -> bool:
        """Whether tokens are asked for: since the first was made, even if all of them were revoked."""
        return self._folder.is_dir()

    def add(self, name: str, scopes: Sequence[Scope]) -> tuple[Token, str]:
        """Make a token; return what is kept of it and its text, which is nowhere else."""
        if not name or not scopes:
            raise UsageError("a token needs a name and a scope", hint=f"scopes are {', '.join(Scope)}")
        ident, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        text = f"hw_{ident}_{secret}"
        token = Token(ident, name, tuple(sorted(set(scopes))), clock.now(), _hash(text))
        self._write(token)
        return token, text

    def tokens(self) -> list[Token]:
        """Return all tokens, oldest first."""
        try:
            found = [file.stem for file in self._folder.iterdir() if file.suffix == ".json"]
        except FileNotFoundError:
            return []
        known = (self._read(ident) for ident in found)
        return sorted((token for token in known if token is not None), key=lambda token: (token.created_at, token.id))

    def revoke(self, ident: str) -> None:
        """Take a token back; raises NotFound."""
        try:
            if _ID.fullmatch(ident):
                self._path(ident).unlink()
                return
        except FileNotFoundError:
            pass
        raise NotFound(f"no token has the id {ident!r}", hint="`headwater tokens list` lists them")

    def knows(self, text: str) -> str | None:
        """Return the id of the token that a text claims to be, if there is one of that id."""
        form = _FORM.fullmatch(text)
        return form[1] if form and self._path(form[1]).is_file() else None

    def bearer(self, text: str) -> Identity | None:
        """Return whose token a text is, None if it is nobody's; unknown ids take as long as wrong secrets."""
        form = _FORM.fullmatch(text)
        token = self._read(form[1]) if form else None
        is_right = hmac.compare_digest(_hash(text), token.sha256 if token else _NO_HASH)
        return token.identity if token and is_right else None

    def _path(self, ident: str) -> Path:
        return self._folder / f"{ident}.json"

    def _write(self, token: Token) -> None:
        document = {**token.to_dict(), "sha256": token.sha256}
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._folder / f"{token.id}.part"
            part.touch(mode=0o600)
            part.write_text(json.dumps(document), encoding="utf-8")
            part.replace(self._path(token.id))
        except OSError as exc:
            raise UsageError(
                f"{self._folder} cannot be written: {exc.strerror}", hint="set HEADWATER_API_TOKENS"
            ) from exc

    def _read(self, ident: str) -> Token | None:
        if not _ID.fullmatch(ident):
            return None
        try:
            kept = json.loads(self._path(ident).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        scopes = tuple(map(Scope, kept["scopes"]))
        return Token(ident, kept["name"], scopes, datetime.fromisoformat(kept["created_at"]), kept["sha256"])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
