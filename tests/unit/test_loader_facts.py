"""Headwater's own facts as a source: a line each, in any order, and what a line can be instead."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from headwater.errors import SourceError
from headwater.graph.facts import Annotation, ComponentFact, Fact, RunFact
from headwater.graph.wire import fact_to_dict
from headwater.loaders.base import Item, Problem
from headwater.loaders.facts import FactsLoader
from headwater.testing.rules import at

FACTS: list[Fact] = [
    RunFact("r1", "etl", started_at=at(0), ended_at=at(1)),
    ComponentFact("etl", owner="ann", at=at(0)),
    Annotation("r1", "note", "odd\u2028line", at=at(2)),
]


def line(fact: Fact) -> bytes:
    return json.dumps(fact_to_dict(fact), ensure_ascii=False).encode() + b"\n"


def test_a_line_is_a_fact_and_empty_ones_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"\n".join(map(line, FACTS))))
    loader = FactsLoader()

    found = list(loader.read(str(tmp_path)))

    assert [one.facts[0] for one in found if isinstance(one, Item)] == FACTS
    assert [(one.kind, one.place.line) for one in found if isinstance(one, Item)] == [
        ("run", 1),
        ("component", 3),
        ("annotation", 5),
    ]
    assert found[-1].position == loader.total(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"fact": "run", "id"', "no whole JSON"),
        (b'{"fact": "run", "id": "caf\xe9"}', "no whole JSON"),
        (b"[1]", "fact is list, not an object"),
        (b'{"fact": "ruin", "id": "r"}', "a fact of type 'ruin'"),
        (b'{"fact": "run", "id": "r", "color": 1}', "run has a field 'color'"),
        (b'{"fact": "run", "id": "r", "component": "etl"}', "the fact says no time (add `at`)"),
        (b'{"fact": "run", "id": "r", "at": "2026-01-01T00:00:00"}', "run.at 2026-01-01T00:00:00 has no time zone"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_read(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(content + b"\n" + line(FACTS[0]))

    bad, good = FactsLoader().read(str(tmp_path / "a.jsonl"))

    assert isinstance(bad, Problem)
    assert bad.reason.startswith(reason)
    assert bad.place.line == 1
    assert isinstance(good, Item)


def test_a_damaged_packing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(line(FACTS[0]) * 100)[:-9])

    with pytest.raises(SourceError, match="cannot be read to its end"):
        list(FactsLoader().read(str(tmp_path)))
