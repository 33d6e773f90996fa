"""Recording what clients send: each item that can be recorded is, and each other one is told with its reason.

An item is a fact, or an event of OpenLineage, which comes to several.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from headwater.api.failures import Forbidden, InvalidRequest, public_document
from headwater.errors import HeadwaterError, InvalidFact, SourceError, StoreBusy, StoreError, StoreUnavailable, TooLarge
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Fact
from headwater.graph.lineage.face import Lineage
from headwater.graph.wire import fact_from_dict
from headwater.loaders.openlineage import event_facts

MOST_ITEMS = 10_000
MOST_DEPTH = 64

Numbered: TypeAlias = tuple[int, Sequence[Fact]]
Refusals: TypeAlias = dict[int, HeadwaterError]
Failures: TypeAlias = tuple[type[HeadwaterError], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """How many items were recorded, and why others were not, by their place in the list."""

    recorded: int
    refused: Mapping[int, HeadwaterError]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        refused = [{"index": index, **public_document(error)} for index, error in sorted(self.refused.items())]
        return {"recorded": self.recorded, "refused": refused}


@dataclass(frozen=True, slots=True)
class Received:
    """How many events came, and why some were not recorded, by their place in the list."""

    received: int
    failed: Mapping[int, HeadwaterError]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document, in the words of OpenLineage."""
        left = self.received - len(self.failed)
        summary = {"received": self.received, "successful": left, "failed": len(self.failed)}
        failed = [_failed(index, error) for index, error in sorted(self.failed.items())]
        status = "SUCCESS" if not failed else "PARTIAL" if left else "FAILURE"
        return {"status": status, "summary": summary, "failed_events": failed}


def record_each(lineage: Lineage, body: bytes, *, may_erase: bool = True) -> Told:
    """Record the fact, or the list of facts, that a body holds; what is told as recorded is durable.

    Raises Forbidden for a body with an erasure unless `may_erase`, InvalidFact for one fact that cannot be recorded,
    InvalidRequest for a body that holds none, TooLarge for one that holds too many.
    """
    given = _parsed(body)
    items = _few(given if isinstance(given, list) else [given])
    facts, refused = _read(items, _fact)
    if not may_erase and any(isinstance(fact, Erasure) for _, found in facts for fact in found):
        raise Forbidden("an erasure needs a token with the scope delete")
    refused |= _record(lineage, facts, told=(InvalidFact,))
    if refused and not isinstance(given, list):
        raise refused[0]
    return Told(len(items) - len(refused), refused)


def receive(lineage: Lineage, body: bytes) -> None:
    """Record the event of OpenLineage that a body holds. Raises SourceError with the pointer of what is malformed."""
    lineage.record(_event(_parsed(body)))


def receive_each(lineage: Lineage, body: bytes) -> Received:
    """Record the list of events that a body holds, in one transaction if nothing is wrong with any of them.

    Raises InvalidRequest for a body that is no list, TooLarge for one that is too long.
    """
    given = _parsed(body)
    if not isinstance(given, list):
        raise InvalidRequest("the body is not a list of events", hint="send one event to /api/v1/lineage")
    facts, failed = _read(_few(given), _event)
    failed |= _record(lineage, facts, told=(InvalidFact, StoreBusy, StoreUnavailable))
    return Received(len(given), failed)


def _failed(index: int, error: HeadwaterError) -> dict[str, Any]:
    told = public_document(error)["error"]["message"]
    return {"index": index, "reason": told, "retriable": isinstance(error, StoreError)}


def _few(items: list[Any]) -> list[Any]:
    if len(items) > MOST_ITEMS:
        raise TooLarge(f"{len(items):,} items at once", hint=f"send at most {MOST_ITEMS:,}")
    return items


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise InvalidRequest("the body cannot be read as JSON") from exc


def _read(items: Sequence[Any], read: Callable[[Any], Sequence[Fact]]) -> tuple[list[Numbered], Refusals]:
    facts: list[Numbered] = []
    refused: Refusals = {}
    for index, item in enumerate(items):
        try:
            facts.append((index, read(item)))
        except (InvalidFact, SourceError) as error:
            refused[index] = error
    return facts, refused


def _fact(item: Any) -> Sequence[Fact]:
    if not isinstance(item, dict):
        raise InvalidFact(f"the item is {type(item).__name__}, not an object")
    if _is_deeper(item, MOST_DEPTH):
        raise InvalidFact(f"the item is nested more than {MOST_DEPTH} levels deep")
    return [fact_from_dict({"fact": "run", **item})]


def _event(item: Any) -> Sequence[Fact]:
    return event_facts(item).facts


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inner if isinstance(one, (dict, list)))


def _record(lineage: Lineage, items: Sequence[Numbered], told: Failures) -> Refusals:
    """Record all together; if the store refuses one of them, each by itself, to find which.

    Of an item's failures those of the types in `told` are told, others are raised.
    """
    try:
        lineage.record(fact for _, facts in items for fact in facts)
    except InvalidFact:
        return _record_singly(lineage, items, told)
    return {}


def _record_singly(lineage: Lineage, items: Sequence[Numbered], told: Failures) -> Refusals:
    refused: Refusals = {}
    for index, facts in items:
        try:
            lineage.record(facts)
        except told as error:
            refused[index] = error
    return refused
