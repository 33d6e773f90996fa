"""What is to be forgotten: names, states, contents, patterns and labels as people write them, and their salted hashes.

A subject is personal data itself. It is kept readable only while its request is open; the register holds its hash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from headwater.errors import UsageError
from headwater.graph.erasure import hashed
from headwater.graph.values import canonical, check_digest, check_name
from headwater.ids import split_state_id

SubjectKind: TypeAlias = Literal["name", "state", "digest", "pattern", "label"]

KINDS: tuple[SubjectKind, ...] = ("name", "state", "digest", "pattern", "label")
_DIGEST = re.compile(r"[a-z][a-z0-9-]*:[0-9a-fA-F]{16,}")
_LABEL = re.compile(r"[\w.-]+=[^/]+")
_PREFIXED = re.compile(rf"({'|'.join(KINDS)}):(.+)", re.DOTALL)
_WILD = re.compile(r"[*?]")
# A shorter part of a pattern or value stands in many words.
_LEAST_TELLING = 3


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """All states of a name, one state by its id, a content by its digest, names that fit a glob, or a label."""

    kind: SubjectKind
    text: str

    def __post_init__(self) -> None:
        check = check_digest if self.kind == "digest" else check_name
        check(self.text)
        if self.kind == "label" and not all(self.label):
            raise UsageError(f"label {self.text!r} is not KEY=VALUE", hint="write it as client=c42")
        if self.kind == "state" and not all(split_state_id(self.text) or ("",)):
            raise UsageError(f"{self.text!r} is no state", hint="write it as NAME@RUN or NAME@external")

    def __str__(self) -> str:
        """The shortest text that `parse` reads as this subject."""
        return self.text if _guessed(self.text) == self.kind else f"{self.kind}:{self.text}"

    @property
    def label(self) -> tuple[str, str]:
        """Key and value of a label."""
        key, _, value = self.text.partition("=")
        return key, value

    def hash(self, salt: str) -> str:
        """Return the HMAC-SHA256 by which whoever knows the subject and the hexadecimal `salt` can recognise it."""
        return hashed(salt, canonical([self.kind, self.text]))

    def is_told_by(self, text: str) -> bool:
        """Whether a free text gives the subject away."""
        told = self.label[1:] if self.kind == "label" else _WILD.split(self.text) if self.kind == "pattern" else ()
        parts = [part for part in (self.text, *told) if len(part) >= _LEAST_TELLING]
        return any(part.lower() in text.lower() for part in parts)


def parse(text: str) -> Subject:
    """Return the subject that a text means.

    `NAME@RUN` or `NAME@external` is a state, `sha256:9f86...` a digest, `clients/c42/*` a pattern, `client=c42` a
    label, anything else a name. A kind before a colon says which: `name:a=b.csv`. Raises UsageError, InvalidName.
    """
    if not text:
        raise UsageError("the subject is empty", hint="name a pointer, state, digest, pattern or label=value")
    if (found := _PREFIXED.fullmatch(text)) is not None:
        kind = next(kind for kind in KINDS if kind == found[1])
        return Subject(kind, found[2])
    return Subject(_guessed(text), text)


def _guessed(text: str) -> SubjectKind:
    if _PREFIXED.fullmatch(text):
        return "name"
    if _DIGEST.fullmatch(text):
        return "digest"
    if _WILD.search(text):
        return "pattern"
    if _LABEL.fullmatch(text):
        return "label"
    return "state" if all(split_state_id(text) or ("",)) else "name"
