"""Erasures: what is to be forgotten, told by facts that hold nothing of it but a salted hash.

Knows how a hash is made and compared; what an erasure makes of other facts is told by `redaction`.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from headwater import clock
from headwater.errors import InvalidFact, InvalidName, InvalidValue
from headwater.graph.values import JSON, canonical, check_name, check_run_id
from headwater.ids import split_state_id

ErasureKind: TypeAlias = Literal["payload", "name", "label"]
_HEX = re.compile("(?:[0-9a-f]{2}){1,64}")
_NEEDED = {"payload": {"target"}, "name": {"match", "salt", "replacement"}, "label": {"match", "salt"}}


class Erased(NamedTuple):
    """When the payload of a state or run was erased, and for which request."""

    at: datetime
    request: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is to be forgotten, whatever was or will be recorded of it, and for which request.

    A payload: all that is kept beside the state or run `target` goes; its edges, times and digests stay. A name: each
    name whose `hashed` text is `match` is `replacement` from then on, of which every name has one. A label, of data or
    of an annotation: dropped. `plain` is the text behind `match`, which spares a store the search; it is never kept.
    """

    kind: ErasureKind
    request: str
    target: str | None = None
    match: str | None = None
    salt: str | None = None
    replacement: str | None = None
    at: datetime = field(default_factory=clock.now)
    plain: str | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_name(self.request, "request")
        if self.kind not in _NEEDED:
            raise InvalidValue(f"erasure kind {self.kind!r}", hint="use payload, name or label")
        fields = ("target", "match", "salt", "replacement")
        if (given := {key for key in fields if getattr(self, key) is not None}) != _NEEDED[self.kind]:
            needed = ", ".join(sorted(_NEEDED[self.kind]))
            said = ", ".join(sorted(given)) or "nothing"
            raise InvalidFact(f"the erasure of a {self.kind} has {said}", hint=f"give {needed}")
        if self.target is not None:
            _check_target(self.target)
        for key in ("match", "salt"):
            text = getattr(self, key)
            if text is not None and not (isinstance(text, str) and _HEX.fullmatch(text)):
                raise InvalidValue(f"{key} {text!r} of an erasure", hint="use small hexadecimal digits, at most 128")
        if self.replacement is not None:
            check_name(self.replacement, "replacement")
        if self.plain is not None and hashed(self.salt or "", self.plain) != self.match:
            raise InvalidFact("what an erasure gives as plain text has another hash than its match")
        object.__setattr__(self, "at", clock.as_utc(self.at, "at"))

    @classmethod
    def of_payload(cls, target: str, request: str, at: datetime | None = None) -> Erasure:
        """Return the erasure of all that is kept beside a state or run."""
        return cls("payload", request, target=target, at=at or clock.now())

    @classmethod
    def of_name(cls, name: str, replacement: str, request: str, salt: str, at: datetime | None = None) -> Erasure:
        """Return the erasure of a name, which is `replacement` from then on."""
        match = hashed(salt, check_name(name))
        return cls("name", request, None, match, salt, replacement, at or clock.now(), name)

    @classmethod
    def of_label(cls, key: str, value: str, request: str, salt: str, at: datetime | None = None) -> Erasure:
        """Return the erasure of a label wherever it stands."""
        text = label_text(key, value)
        return cls("label", request, None, hashed(salt, text), salt, None, at or clock.now(), text)


def hashed(salt: str, text: str) -> str:
    """Return the HMAC-SHA256 of a text under a salt, both as hexadecimal."""
    return hmac.digest(bytes.fromhex(salt), text.encode(), "sha256").hex()


def new_salt() -> str:
    """Return a fresh salt of 16 bytes."""
    return secrets.token_hex(16)


def pseudonym(salt: str, text: str) -> str:
    """Return what stands in a name for a part of it that identifies somebody: the same for one text under one salt."""
    return f"erased-{hashed(salt, text)[:12]}"


def label_text(key: str, value: JSON) -> str:
    """Return a label as the one text that is kept, looked up and hashed."""
    return canonical([key, value], "label")


def _check_target(target: str) -> None:
    parts = split_state_id(target) if isinstance(target, str) else None
    if parts is None:
        check_run_id(target)
    elif not all(parts):
        raise InvalidName(f"target {target!r} of an erasure is no state", hint="use NAME@RUN, or the id of a run")
    else:
        check_name(parts[0])
        canonical(target, "target")
