"""What is known of runs, merged: a join-semilattice whose order of joins does not matter.

Stores keep a run's merged claims beside it, so that a later fact is joined to them without reading the earlier facts
again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, TypeVar

from headwater import clock
from headwater.graph.facts import Input, Output, RunFact, Status

Register: TypeAlias = tuple[datetime, str]
Registers: TypeAlias = dict[tuple[str, str], Register]
K = TypeVar("K")

quoted = json.JSONEncoder(ensure_ascii=False).encode


def join_registers(into: dict[K, Register], new: Mapping[K, Register]) -> bool:
    """Keep the later of each register, ties by value; return whether anything changed."""
    changed = False
    for key, register in new.items():
        if key not in into or register > into[key]:
            into[key] = register
            changed = True
    return changed


def section(registers: Registers, name: str) -> str:
    """Return one section of the registers as a JSON object with sorted keys."""
    pairs = sorted([(key, text) for (where, key), (_, text) in registers.items() if where == name])
    return "{" + ",".join([f"{quoted(key)}:{text}" for key, text in pairs]) + "}"


def encode_stamps(registers: Registers) -> dict[str, object]:
    """Return the registers' times: one for all, and those that differ by section and key."""
    times = {at for at, _ in registers.values()}
    common = max(times, default=None)
    stamps: dict[str, object] = {"*": None if common is None else clock.to_micros(common)}
    for (where, key), (at, _) in registers.items() if len(times) > 1 else ():
        if at != common:
            stamps.setdefault(where, {})[key] = clock.to_micros(at)  # type: ignore[index]
    return stamps


def decode_registers(stamps: Mapping[str, object], values: Mapping[tuple[str, str], str]) -> Registers:
    """Return the registers whose times `encode_stamps` wrote and whose canonical values stand in the row."""
    common = stamps["*"]
    found: Registers = {}
    for (where, key), text in values.items():
        micros = stamps.get(where, {}).get(key, common)  # type: ignore[attr-defined]
        found[where, key] = clock.from_micros(micros), text
    return found


@dataclass(slots=True)
class RunClaims:
    """All that the facts of one run say so far.

    `start` and `end` are claimed times; `first` and `last` bound every known time.
    """

    id: str
    first: datetime
    last: datetime
    status: Status = Status.RUNNING
    start: datetime | None = None
    end: datetime | None = None
    registers: Registers = field(default_factory=dict)
    inputs: dict[tuple[str, str], Input] = field(default_factory=dict)
    outputs: dict[str, Registers] = field(default_factory=dict)

    @classmethod
    def of(cls, fact: RunFact) -> RunClaims:
        """Return what one fact says."""
        known = [at for at in (fact.started_at, fact.ended_at, fact.at) if at is not None]
        return cls(
            id=fact.id,
            first=min(known),
            last=max(known),
            status=fact.status or Status.RUNNING,
            start=fact.started_at,
            end=fact.ended_at,
            registers={key: (fact.at, text) for key, text in fact.registers.items()},
            inputs={(i.name, claim_key(i)): i for i in fact.inputs},
            outputs=_outputs(fact.outputs, fact.at),
        )

    def join(self, other: RunClaims) -> bool:
        """Add what `other` says of the same run, inputs apart.

        Return whether anything but inputs and outputs changed.
        """
        before = (self.first, self.last, self.status, self.start, self.end)
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.status = max(self.status, other.status, key=lambda s: s.rank)
        self.start = min((t for t in (self.start, other.start) if t is not None), default=None)
        self.end = max((t for t in (self.end, other.end) if t is not None), default=None)
        changed = join_registers(self.registers, other.registers)
        return changed or before != (self.first, self.last, self.status, self.start, self.end)

    def absorb(self, other: RunClaims) -> None:
        """Add all that `other` says of the same run."""
        self.join(other)
        self.inputs.update(other.inputs)
        for name, registers in other.outputs.items():
            join_registers(self.outputs.setdefault(name, {}), registers)

    @property
    def names(self) -> set[str]:
        """The names of all inputs and outputs."""
        return {*self.outputs, *(name for name, _ in self.inputs)}

    @property
    def started_at(self) -> datetime:
        """The least start claimed, else the least time known."""
        return self.start or self.first

    @property
    def ended_at(self) -> datetime | None:
        """The greatest end claimed, else the greatest time known of a run that is not running, else None."""
        return self.end or (None if self.status is Status.RUNNING else self.last)

    @property
    def produced_at(self) -> datetime | None:
        """When its outputs came to be seen, None while it runs."""
        ended = self.ended_at
        return None if ended is None else max(self.started_at, ended)


def fold(facts: Iterable[RunFact]) -> dict[str, RunClaims]:
    """Return what the facts say, by run id."""
    found: dict[str, RunClaims] = {}
    for fact in facts:
        claims = RunClaims.of(fact)
        if fact.id in found:
            found[fact.id].absorb(claims)
        else:
            found[fact.id] = claims
    return found


def drop_bare(inputs: dict[tuple[str, str], Input]) -> list[tuple[str, str]]:
    """Remove and return the bare claims that stand beside an exact one of the same name and time."""
    exact = {(i.name, i.at) for i in inputs.values() if i.digest or i.state}
    bare = [key for key, i in inputs.items() if exact and not (i.digest or i.state) and (i.name, i.at) in exact]
    for key in bare:
        del inputs[key]
    return bare


def claim_key(claim: Input) -> str:
    """Return the text that tells the claims of one run about one name apart: its own time, then what it names."""
    at = "" if claim.at is None else str(clock.to_micros(claim.at))
    wanted = f"#{claim.digest}" if claim.digest else f"={claim.state}" if claim.state else ""
    return f"{at}|{wanted}"


def parse_claim(name: str, key: str) -> Input:
    """Return the claim about `name` that `claim_key` wrote as `key`."""
    at, _, wanted = key.partition("|")
    return Input(
        name,
        at=clock.from_micros(int(at)) if at else None,
        digest=wanted[1:] if wanted.startswith("#") else None,
        state=wanted[1:] if wanted.startswith("=") else None,
    )


def _outputs(outputs: Sequence[Output], at: datetime) -> dict[str, Registers]:
    found: dict[str, Registers] = {}
    for output in outputs:
        said: Registers = {}
        if output.digest:
            said["state", "digest"] = at, quoted(output.digest)
        if output.type:
            said["state", "type"] = at, quoted(output.type)
        join_registers(found.setdefault(output.name, {}), said)
    return found
