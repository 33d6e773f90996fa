"""The hash chain: entries that each hold the digest of the one before. Pure; it knows no store.

An entry is one line of canonical JSON with `seq` from 1 on, `previous`, and `digest`, the SHA-256 of the line without
it. An export ends with a seal, which holds how many entries there are and the digest of the last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headwater.errors import HeadwaterError
from headwater.graph.values import JSON, canonical

FIRST = ""
_SEAL = "seal"


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain: its number, 0 for an empty chain, and its digest."""

    seq: int = 0
    digest: str = FIRST

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {"seq": self.seq, "digest": self.digest}


def sealed(head: Head, fields: Mapping[str, JSON]) -> tuple[str, Head]:
    """Return the line of the entry that follows on `head`, and the head that it makes."""
    entry = {**fields, "seq": head.seq + 1, "previous": head.digest}
    digest = _digest(entry)
    return canonical({**entry, "digest": digest}), Head(head.seq + 1, digest)


def exported(lines: Iterable[str]) -> Iterator[str]:
    """Give the lines of an export: the entries and the seal, each with its line end."""
    head = Head()
    for line in lines:
        entry = json.loads(line)
        head = Head(entry["seq"], entry["digest"])
        yield f"{line}\n"
    yield f"{sealed(head, {'kind': _SEAL})[0]}\n"


@dataclass(frozen=True, slots=True)
class Audit:
    """What the audit of an exported chain found.

    `entries` many are unaltered from the first on, up to `head`; `altered` is the number of the first record that is
    not what was written, and `why`.
    """

    entries: int
    head: Head
    altered: int | None = None
    why: str | None = None

    @property
    def is_intact(self) -> bool:
        """Whether nothing was altered."""
        return self.altered is None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        found = {"intact": self.is_intact, "entries": self.entries, "head": self.head.to_dict()}
        return {**found, "altered": self.altered, "why": self.why}


def audited(content: bytes, known: str | None = None) -> Audit:
    """Check an exported chain; `known` is the digest of an entry that the auditor noted down before.

    Finds any change, omission, addition or exchange of bytes. Whoever can write the file can also make a whole new
    chain of it: only a digest that was kept elsewhere shows that.
    """
    lines = content.split(b"\n")
    head = Head()
    met = known is None or known == FIRST
    for line in lines[:-1]:
        entry, why = _read(line, head)
        if why is not None:
            return Audit(head.seq, head, head.seq + 1, why)
        if entry["kind"] == _SEAL:
            return _ended(head, lines, met)
        head = Head(entry["seq"], entry["digest"])
        met = met or entry["digest"] == known
    return Audit(head.seq, head, head.seq + 1, "the chain ends without its seal: records are missing at the end")


def _ended(head: Head, lines: list[bytes], met: bool) -> Audit:
    """Judge what stands behind the seal, and whether the chain holds what the auditor knows."""
    # The entries, then the seal, then nothing behind its line end.
    if len(lines) != head.seq + 2 or lines[-1]:
        return Audit(head.seq, head, head.seq + 1, "something stands behind the seal")
    if not met:
        return Audit(head.seq, head, head.seq + 1, "the digest that was noted down is not in the chain")
    return Audit(head.seq, head)


def _read(line: bytes, head: Head) -> tuple[dict[str, Any], str | None]:
    """Return the entry of a line, and what is wrong with it as the one that follows on `head`."""
    try:
        entry = json.loads(line)
        text = canonical(entry)
    except (ValueError, RecursionError, HeadwaterError):
        return {}, "it cannot be read"
    if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str):
        return {}, "it is no record"
    if text.encode() != line or type(entry.get("seq")) is not int:
        return {}, "it is not written as it was"
    said = entry.pop("digest", None)
    if said != _digest(entry):
        return {}, "its digest is not that of what it says"
    if (entry.get("previous"), entry["seq"]) != (head.digest, head.seq + 1):
        return {}, f"it does not follow on record {head.seq}"
    return {**entry, "digest": said}, None


def _digest(entry: Mapping[str, JSON]) -> str:
    return f"sha256:{hashlib.sha256(canonical(entry).encode()).hexdigest()}"
