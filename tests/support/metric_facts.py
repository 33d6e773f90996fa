"""Programs that log, measure and claim alerts from a process of their own, and what they say together."""

from __future__ import annotations

from multiprocessing.connection import Connection
from random import Random

from headwater.graph.measures import Logged, Measured, MetricFact, Terms
from headwater.graph.metrics.aggregates import recall
from headwater.testing.rules import at
from tests.support.neo4j_database import Database
from tests.support.stores import opened

IDS = [f"id-{n}" for n in range(12)]
TERMS = Terms(">= 0.5")


def logged(seed: int, size: int) -> list[Logged]:
    """Return outputs and labels that contradict and repeat each other."""
    random = Random(seed)
    return [
        Logged(
            "predict",
            {random.choice(IDS): random.random() < 0.6 for _ in range(3)},
            random.choice(["output", "label"]),
            at=at(random.randrange(30)),
        )
        for _ in range(size)
    ]


def measurements(seed: int, size: int) -> list[Measured]:
    """Return a value a run, above and below what is agreed."""
    random = Random(seed)
    return [Measured("predict", "recall", f"r{n}", random.random(), terms=TERMS, at=at(n % 20)) for n in range(size)]


def log_share(place: Database, _: Connection, seed: int, size: int, part: int, parts: int) -> None:
    """Log every parts-th of the facts, one by one, and ask for a figure in between."""
    with opened(place) as store:
        for number, fact in enumerate(logged(seed, size)[part::parts]):
            store.metrics.record([fact])
            store.metrics.figure("predict", "", recall(), 5, at(number))


def measure_and_claim(place: Database, pipe: Connection, seed: int, size: int, part: int, parts: int) -> None:
    """Record every parts-th of the values, the same as others now and then, and say which alerts it was given."""
    values = measurements(seed, size)
    with opened(place) as store:
        for number in range(part, size, parts):
            facts: list[MetricFact] = [values[number], values[number // 2]]
            store.metrics.record(facts)
            while alerts := store.metrics.claim("predict", 600):
                store.metrics.settle(alerts)
                pipe.send(alerts)
