"""The workload: the facts of a company's pipelines over 110 rounds, the same for the same size and seed.

Five kinds of runs share every round: lookup tables that are reloaded, features of fresh sources, models trained on
them, teams whose tables are rewritten from each other and in place, and predictions that read whatever is newest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar
from uuid import UUID

from headwater import Input, Output, RunFact

ROUNDS = 110
STARTS_A_SECOND = 8
LATE_SHARE = 0.01
CODES = "lookup/country_codes.csv"

_BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
_ROUND = timedelta(hours=1)
_LOOKUPS = 5
_NARROW_TEAMS = 10

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shape:
    """How many runs of each kind one round holds."""

    features: int
    models: int
    wide: int
    narrow: int
    serve: int

    @classmethod
    def of(cls, runs: int) -> Shape:
        """Return the shape of a round of `runs` runs; the smallest round holds one team of each kind."""
        models = max(1, runs // 75)
        wide, narrow = max(2, runs // 5), max(1, runs // 50)
        fixed = _LOOKUPS + 3 * models + wide + narrow * _NARROW_TEAMS
        return cls(2 * models, models, wide, narrow, max(1, runs - fixed))


def workload(runs: int, seed: int = 7) -> list[RunFact]:
    """Return `runs` facts in the order of their arrival: that of their start, but one in a hundred up to 2,000 late."""
    random = Random(seed)
    per_round = -(-runs // ROUNDS)
    facts = [fact for number in range(ROUNDS) for fact in _round(number, Shape.of(per_round), random)]
    arrival = [
        (index + (random.randrange(2_000) if random.random() < LATE_SHARE else 0), index) for index in range(runs)
    ]
    return [facts[index] for _, index in sorted(arrival)]


def batches(facts: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the facts in slices of `size`."""
    return (facts[start : start + size] for start in range(0, len(facts), size))


def readers(name: str, runs: int, seed: int) -> list[RunFact]:
    """Return facts of `runs` runs that all read `name`, one second apart; another seed gives other runs and outputs."""
    random = Random(seed)
    times = (_BEGINNING + timedelta(seconds=number) for number in range(runs))
    return [_fact("reader", at, [name], [f"reader/{seed}/{n}.json"], random) for n, at in enumerate(times)]


def ladder(diamonds: int) -> list[RunFact]:
    """Return facts of a chain of diamonds: 2 ** diamonds paths lead from `rung0` to the last rung."""
    random = Random(13)
    facts = []
    for rung in range(diamonds):
        at = _BEGINNING + timedelta(minutes=rung)
        sides = [f"left{rung}", f"right{rung}"]
        facts += [_fact("side", at, [f"rung{rung}"], [side], random) for side in sides]
        facts.append(_fact("join", at + timedelta(seconds=30), sides, [f"rung{rung + 1}"], random))
    return facts


def _round(number: int, shape: Shape, random: Random) -> Iterator[RunFact]:
    """Yield the runs of one round by start and id; whole seconds, eight starts in each."""
    plans = list(_plans(number, shape, random))
    random.shuffle(plans)
    start = _BEGINNING + number * _ROUND
    found = (
        _fact(component, start + timedelta(seconds=place // STARTS_A_SECOND), inputs, outputs, random)
        for place, (component, inputs, outputs) in enumerate(plans)
    )
    yield from sorted(found, key=lambda fact: (fact.started_at, fact.id))


def _plans(number: int, shape: Shape, random: Random) -> Iterator[tuple[str, list[str | Input], list[str | Output]]]:
    """Yield component, inputs and outputs of each run of a round."""
    for lookup in range(_LOOKUPS):
        yield "reload", [f"vendor/{lookup}/{number}.zip", CODES], [f"lookup/{lookup}.csv"]
    for feature in range(shape.features):
        sources: list[str | Input] = [f"source/{feature}/{number}.csv", _lookup(random)]
        yield "feature", sources, _with_report(f"feature/{feature}.parquet", random)
    for model in range(shape.models):
        features: list[str | Input] = [f"feature/{random.randrange(shape.features)}.parquet" for _ in range(2)]
        yield "train", [*features, CODES], [Output(f"models/{model}.pkl", digest=f"sha256:{number:032x}{model:032x}")]
    yield from _team("wide", shape.wide, random)
    for team in range(_NARROW_TEAMS):
        yield from _team(f"team{team}", shape.narrow, random)
    for place in range(shape.serve):
        yield "serve", _served(number, place, shape, random), _with_report(f"prediction/{number}/{place}.json", random)


def _team(team: str, width: int, random: Random) -> Iterator[tuple[str, list[str | Input], list[str | Output]]]:
    """Yield the runs that rewrite the team's tables, each from one or two others or, one in three, in place."""
    for slot in range(width):
        own = slot if random.random() < 1 / 3 else random.randrange(width)
        inputs: list[str | Input] = [f"{team}/{own}.parquet", f"{team}/{random.randrange(width)}.parquet"]
        if random.random() < 0.5:
            inputs.append(_lookup(random))
        yield f"{team}-transform", inputs, _with_report(f"{team}/{slot}.parquet", random)


def _served(number: int, place: int, shape: Shape, random: Random) -> list[str | Input]:
    model = random.randrange(shape.models)
    pinned = f"sha256:{number - 1:032x}{model:032x}" if number and random.random() < 0.1 else None
    inputs: list[str | Input] = [f"request/{number}/{place}.json", Input(f"models/{model}.pkl", digest=pinned)]
    if random.random() < 0.2:
        inputs.append(f"wide/{random.randrange(shape.wide)}.parquet")
    elif random.random() < 0.5:
        inputs.append(CODES)
    return inputs


def _lookup(random: Random) -> str:
    return f"lookup/{random.randrange(_LOOKUPS)}.csv"


def _with_report(name: str, random: Random) -> list[str | Output]:
    return [name, f"{name}.report.html"] if random.random() < 0.45 else [name]


def _fact(
    component: str, start: datetime, inputs: Sequence[str | Input], outputs: Sequence[str | Output], random: Random
) -> RunFact:
    return RunFact(
        id=_run_id(start, random),
        component=component,
        started_at=start,
        ended_at=start + timedelta(seconds=random.randrange(4)),
        inputs=tuple(inputs),  # type: ignore[arg-type]  # a fact takes names and makes Inputs of them
        outputs=tuple(outputs),  # type: ignore[arg-type]
        params={"rate": random.randrange(100) / 100, "rows": random.randrange(10_000)},
        commit=f"{random.getrandbits(160):040x}",
    )


def _run_id(start: datetime, random: Random) -> str:
    """A UUIDv7 of this start: product ids sort by time, and so do these."""
    value = int(start.timestamp() * 1000) << 80 | random.getrandbits(80)
    return str(UUID(int=value & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62))
