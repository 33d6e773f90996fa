"""Many facts on few names and instants, drawn from a seed: the same in every process that asks for them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact, Status, TriggerResult
from headwater.testing.rules import at

NAMES = ("a", "b.csv", "c", "d", "m.joblib", "https://e")
DIGESTS = ("x", "y", "z")
INSTANTS = 30
REPLACEMENTS = {"a": "gone.pkl", "gone.pkl": "far", "d": "c"}


def nasty_facts(seed: int, count: int) -> list[Fact]:
    """Return overwritten names, in-place updates, equal times, moved ends, digests, notes on what is not there yet.

    And erasures: of payloads, of labels, of names whose replacement is used by others or erased in turn.
    """
    rng = random.Random(seed)
    runs = [f"r{seed}-{n}" for n in range(count // 2)]
    kinds: list[Callable[[random.Random, list[str]], Fact]] = [
        _run,
        _run,
        _run,
        _run,
        _run,
        _run,
        _mark,
        _component,
        _erasure,
    ]
    return [rng.choice(kinds)(rng, runs) for _ in range(count)]


def shuffled(seed: int, facts: list[Fact]) -> list[list[Fact]]:
    """Return the facts as a network gives them: some twice, in another order, in batches of one to eight."""
    rng = random.Random(seed)
    sent = [*facts, *rng.sample(facts, len(facts) // 4)]
    rng.shuffle(sent)
    batches = []
    while sent:
        size = rng.randint(1, 8)
        batches.append(sent[:size])
        del sent[:size]
    return batches


def _run(rng: random.Random, runs: list[str]) -> RunFact:
    start, end = sorted((rng.randrange(INSTANTS), rng.randrange(INSTANTS)))
    ended = rng.random() < 0.7
    statuses = [None, Status.COMPLETED, Status.FAILED, *([] if ended else [Status.RUNNING])]
    return RunFact(
        rng.choice(runs),
        rng.choice([None, "etl", "train", "serve"]),
        rng.choice(statuses),
        at(start) if rng.random() < 0.7 else None,
        at(end) if ended else None,
        tuple(_input(rng, runs) for _ in range(rng.randrange(4))),
        tuple(_output(rng) for _ in range(rng.randrange(3))),
        {rng.choice("pq"): rng.randrange(3)},
        {"t": TriggerResult("failed")} if rng.random() < 0.2 else {},
        at=at(rng.randrange(INSTANTS)),
    )


def _input(rng: random.Random, runs: list[str]) -> Input:
    name = rng.choice(NAMES)
    time = at(rng.randrange(INSTANTS)) if rng.random() < 0.3 else None
    kind = rng.random()
    if kind < 0.1:
        return Input(name, at=time, state=f"{name}@{rng.choice([*runs, 'unknown', 'external', 'external:x'])}")
    labels = {"client": rng.choice("xyz")} if kind > 0.7 else {}
    return Input(name, at=time, digest=rng.choice(DIGESTS) if kind < 0.3 else None, labels=labels)


def _output(rng: random.Random) -> Output:
    return Output(rng.choice(NAMES), rng.choice([None, None, *DIGESTS]), facets={"rows": rng.randrange(3)})


def _mark(rng: random.Random, runs: list[str]) -> Annotation:
    target = rng.choice([rng.choice(runs), f"{rng.choice(NAMES)}@{rng.choice([*runs, 'external', 'external:x'])}"])
    said = at(rng.randrange(INSTANTS))
    if rng.random() < 0.5:
        return Annotation(target, "flag", rng.random() < 0.7, who=rng.choice([None, "ann"]), at=said)
    return Annotation(target, "label", rng.choice([None, "v", "w"]), key=rng.choice("kl"), at=said)


def _erasure(rng: random.Random, runs: list[str]) -> Erasure:
    request, said = rng.choice(["d1", "d2"]), at(rng.randrange(INSTANTS))
    kind = rng.random()
    if kind < 0.5:
        target = rng.choice([rng.choice(runs), f"{rng.choice(NAMES)}@{rng.choice([*runs, 'external'])}"])
        return Erasure.of_payload(target, request, said)
    if kind < 0.7:
        return Erasure.of_label("client", "x", request, "00ff", said)
    name = rng.choice(sorted(REPLACEMENTS))
    known = Erasure.of_name(name, REPLACEMENTS[name], request, rng.choice(["00ff", "0ff0"]), said)
    return rng.choice([known, replace(known, plain=None)])


def _component(rng: random.Random, runs: list[str]) -> ComponentFact:
    age = timedelta(days=rng.randrange(1, 3))
    name = rng.choice(["etl", "lone", f"part-{len(runs)}"])
    return ComponentFact(name, owner=rng.choice([None, "ann"]), max_age=age, at=at(rng.randrange(INSTANTS)))
