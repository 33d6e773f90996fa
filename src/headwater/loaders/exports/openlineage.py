"""Events of OpenLineage, one a line, that other tools read and that import again to the same graph.

What the specification has a word for stands under that word. Where this alone would not come back as it was, the
events carry the facts themselves in the facet `headwater`, by which the loader then goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar, TextIO

from headwater.errors import SourceError
from headwater.graph.claims import fold
from headwater.graph.facts import ComponentFact, Fact, RunFact
from headwater.loaders.exporting import Exported
from headwater.loaders.openlineage.mapping import event_facts
from headwater.loaders.openlineage.writing import Event, component_event, note_event, run_events, with_facts

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class OpenLineageExporter:
    """Writes what the kind `openlineage` reads."""

    kind: ClassVar[str] = "openlineage"
    loss: ClassVar[str] = ""

    def write(self, what: Exported, to: TextIO) -> None:
        """Write one line an event; the events of one run follow each other."""
        for _, facts in groupby(what.facts(), _subject):
            to.writelines(f"{_encode(event)}\n" for event in _events(list(facts)))


def _subject(fact: Fact) -> object:
    """Return what tells the facts of one run from all others, of which each stands alone."""
    return fact.id if isinstance(fact, RunFact) else id(fact)


def _events(facts: list[Fact]) -> Iterable[Event]:
    events = list(_plain(facts))
    return events if _says_the_same(events, facts) else with_facts(events, facts)


def _plain(facts: list[Fact]) -> Iterator[Event]:
    runs = [fact for fact in facts if isinstance(fact, RunFact)]
    if runs:
        yield from run_events(runs)
    for fact in facts:
        if not isinstance(fact, RunFact):
            yield component_event(fact) if isinstance(fact, ComponentFact) else note_event(fact)


def _says_the_same(events: list[Event], facts: list[Fact]) -> bool:
    """Say whether the events come to these facts; what a run's events say beside it has its own events as well."""
    try:
        found = [fact for event in events for fact in event_facts(event).facts]
    except SourceError:
        return False
    if isinstance(facts[0], RunFact):
        found = [fact for fact in found if isinstance(fact, RunFact)]
    return _meaning(found) == _meaning(facts)


def _meaning(facts: list[Fact]) -> tuple[Any, ...]:
    """Return what facts come to when they are merged."""
    runs = [fact for fact in facts if isinstance(fact, RunFact)]
    others = [fact for fact in facts if not isinstance(fact, RunFact)]
    facets: dict[Any, Any] = {}
    for fact in runs:
        for key, text in fact.kept.items():
            facets[key] = max((fact.at, text), facets.get(key, (fact.at, "")))
    return fold(runs), facets, others
