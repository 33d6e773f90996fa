"""Recording what clients send: each item that can be recorded is, and each other one is told with its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from headwater.api.failures import InvalidRequest, public_document
from headwater.errors import HeadwaterError, InvalidFact, TooLarge
from headwater.graph.facts import Fact
from headwater.graph.lineage.face import Lineage
from headwater.graph.wire import fact_from_dict

MOST_ITEMS = 10_000
MOST_DEPTH = 64

Numbered: TypeAlias = tuple[int, Fact]
Refusals: TypeAlias = dict[int, InvalidFact]


@dataclass(frozen=True, slots=True)
class Told:
    """How many items were recorded, and why others were not, by their place in the list."""

    recorded: int
    refused: Mapping[int, HeadwaterError]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        refused = [{"index": index, **public_document(error)} for index, error in sorted(self.refused.items())]
        return {"recorded": self.recorded, "refused": refused}


def record_each(lineage: Lineage, body: bytes) -> Told:
    """Record the fact, or the list of facts, that a body holds; what is told as recorded is durable.

    Raises InvalidFact for one fact that cannot be recorded, InvalidRequest for a body that holds none, TooLarge for one
    that holds too many.
    """
    given = _parsed(body)
    items = given if isinstance(given, list) else [given]
    if len(items) > MOST_ITEMS:
        raise TooLarge(f"{len(items):,} items at once", hint=f"send at most {MOST_ITEMS:,}")
    facts, refused = _read(items)
    refused |= _record(lineage, facts)
    if refused and not isinstance(given, list):
        raise refused[0]
    return Told(len(items) - len(refused), refused)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise InvalidRequest("the body cannot be read as JSON") from exc


def _read(items: Sequence[Any]) -> tuple[list[Numbered], Refusals]:
    facts: list[Numbered] = []
    refused: Refusals = {}
    for index, item in enumerate(items):
        try:
            facts.append((index, _fact(item)))
        except InvalidFact as error:
            refused[index] = error
    return facts, refused


def _fact(item: Any) -> Fact:
    if not isinstance(item, dict):
        raise InvalidFact(f"the item is {type(item).__name__}, not an object")
    if _is_deeper(item, MOST_DEPTH):
        raise InvalidFact(f"the item is nested more than {MOST_DEPTH} levels deep")
    return fact_from_dict({"fact": "run", **item})


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inner if isinstance(one, (dict, list)))


def _record(lineage: Lineage, facts: Sequence[Numbered]) -> Refusals:
    """Record all together; if the store refuses one of them, each by itself, to find which."""
    try:
        lineage.record(fact for _, fact in facts)
    except InvalidFact:
        return _record_singly(lineage, facts)
    return {}


def _record_singly(lineage: Lineage, facts: Sequence[Numbered]) -> Refusals:
    refused: Refusals = {}
    for index, fact in facts:
        try:
            lineage.record([fact])
        except InvalidFact as error:
            refused[index] = error
    return refused
