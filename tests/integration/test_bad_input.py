"""What users give is stored exactly on both stores, or refused by name before anything is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import headwater
from headwater import Input, Lineage, Output, RunFact, Status
from headwater.errors import (
    EndBeforeStart,
    InvalidFact,
    InvalidName,
    InvalidValue,
    NaiveDatetime,
    TooLarge,
    UnknownComponent,
    UnknownPointer,
    UnknownRun,
)
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import at
from tests.support.neo4j_database import Database
from tests.support.stores import BOTH, place_for

SURROGATE = "a\ud800b"
NAMES = [
    *("a" * 4096, "é" * 2048, "\U0001f600" * 1024, "b" * 4095 + "\x01"),
    *(" ", "  lead", "trail  ", "a\tb\nc\r\n", "\u200b", "\ufeff", "\x7f\x80\x9f", "a b/c d.csv"),
    *("/abs/path", "a//b/../c", "back\\slash\\", "s3://bucket/key?version=1&x=%20#frag", "C:\\data\\x.csv"),
    *("it's", 'say "hi"', "`tick`", "'; DROP TABLE run; --", "' OR '1'='1", "x' }) DETACH DELETE n //", "/* no */"),
    *("$name", "{name}", ":name", "?1", "%s", "{0}", "\\u0041", "\\", "null", "NULL", "true", "0", "-1", "[]", "{}"),
    *("caf\u00e9", "cafe\u0301", "\u212b", "\u00c5", "A\u030a", "\ufb01", "fi", "stra\u00dfe", "strasse", "STRASSE"),
    *("a", "A", "\u0430", "\u01c5", "\u0130", "i", "I", "\u0131"),
    *("\U0001f600", "\U0010ffff", "\uffff", "\ue000", "\uff5e", "\U00010000", "\u05d0\u05d1", "\u202etxt.exe"),
    *("x@external", "x@external:d", "a@b@c", "@", "x@", "@run", "a|b", "a|5|#x", "a#b", "a=b", "n\u2028m"),
]
RUN_IDS = [
    "plain",
    "\uff5e",
    "\U0001f600",
    "\U0010ffff\U0010ffff",
    "a|b",
    "a b",
    "'; --",
    "r" * 512,
    "\u00e9",
    "e\u0301",
]
VALUES: list[Any] = [
    *(0.1, -0.0, 1e308, 5e-324, 2**53 + 1, 2**63, -(2**200), True, False, None, "", "\0", "\U0001f600", "cafe\u0301"),
    *([], {}, [[]], {"": 1}, {"a": [1, {"b": None}]}, ["\u2028", "'", '"', "\\"], "x" * 1_000_000),
]


@pytest.fixture(params=BOTH)
def lineage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lineage]:
    place: Database = place_for(request, tmp_path)
    opened = headwater.connect(place.url, user=place.user, password=place.password)
    yield opened
    opened.store.close()


def test_names_are_kept_byte_for_byte(lineage: Lineage) -> None:
    assert len(set(NAMES)) == len(NAMES)
    facts = [RunFact(f"w{n}", name, None, at(0), at(1), outputs=(Output(name),)) for n, name in enumerate(NAMES)]
    facts += [RunFact(f"r{n}", "read", None, at(2), at(3), inputs=(Input(name),)) for n, name in enumerate(NAMES)]

    lineage.record(facts)

    assert lineage.store.digest() == expected_digest(facts)
    for n, name in enumerate(NAMES):
        assert [run.id for run in lineage.impact(f"{name}@w{n}").runs()] == [f"r{n}"]
        assert lineage.store.resolve(name).name == name
        assert [run.id for run in lineage.history(name).runs] == [f"w{n}"]
    assert {component.name for component in lineage.components()} == {*NAMES, "read"}


def test_run_ids_of_any_script_sort_alike_everywhere(lineage: Lineage) -> None:
    facts = [RunFact(run, "etl", None, at(1), at(1), (Input("x"),), (Output("x"),)) for run in RUN_IDS]
    for fact in facts:
        lineage.record([fact])
    assert lineage.store.digest() == expected_digest(facts)


def test_params_are_kept_exactly(lineage: Lineage) -> None:
    params = {f"p{n}": value for n, value in enumerate(VALUES)} | dict.fromkeys(NAMES, 1)
    fact = RunFact("r", "etl", started_at=at(0), params=params)
    lineage.record([fact])
    assert repr(sorted(lineage.inspect("r").run.params.items())) == repr(sorted(params.items()))
    assert lineage.store.digest() == expected_digest([fact])


def test_ten_megabytes_of_params_are_kept_in_pieces_and_refused_in_one(lineage: Lineage) -> None:
    params = {f"p{n}": "x" * 1_000_000 for n in range(10)}
    lineage.record([RunFact("r", "etl", started_at=at(0), params=params)])
    assert lineage.inspect("r").run.params == params
    with pytest.raises(TooLarge, match="10,000,002 bytes"):
        RunFact("r", params={"p": "x" * 10_000_000})


def test_times_of_other_zones_and_libraries_are_kept_to_the_microsecond(lineage: Lineage) -> None:
    nanoseconds = pd.Timestamp("2026-01-01T00:00:00.123456789", tz="Asia/Kolkata")
    far = datetime(2026, 1, 1, 5, 30, 0, 123456, timezone(timedelta(hours=5, minutes=30)))
    lineage.record([RunFact("r", "etl", started_at=nanoseconds, ended_at=far)])
    run = lineage.inspect("r").run
    assert run.started_at == datetime(2025, 12, 31, 18, 30, 0, 123456, UTC)
    assert run.ended_at == datetime(2026, 1, 1, 0, 0, 0, 123456, UTC)


REFUSED: list[tuple[Callable[[], object], type[InvalidFact]]] = [
    (lambda: Input(""), InvalidName),
    (lambda: Output("a" * 4097), InvalidName),
    (lambda: Input("é" * 2049), InvalidName),
    (lambda: Input(SURROGATE), InvalidName),
    (lambda: Input("a\0b"), InvalidName),
    (lambda: Input(b"bytes"), InvalidName),  # type: ignore[arg-type]
    (lambda: Output("x", digest="a@b"), InvalidName),
    (lambda: Input("x", digest=""), InvalidName),
    (lambda: Input("x", state="y@r"), InvalidName),
    (lambda: Input("x", digest="d", state="x@r"), InvalidFact),
    (lambda: RunFact("", at=at(0)), InvalidName),
    (lambda: RunFact(5, at=at(0)), InvalidName),  # type: ignore[arg-type]
    (lambda: RunFact("a@b", at=at(0)), InvalidName),
    (lambda: RunFact("external:x", at=at(0)), InvalidName),
    (lambda: RunFact("r" * 513, at=at(0)), InvalidName),
    (lambda: RunFact("r", component=""), InvalidName),
    (lambda: RunFact("r", status="done"), InvalidValue),  # type: ignore[arg-type]
    (lambda: RunFact("r", error=SURROGATE), InvalidValue),
    (lambda: RunFact("r", error="x" * 2_000_000), TooLarge),
    (lambda: RunFact("r", commit=4), InvalidValue),  # type: ignore[arg-type]
    (lambda: RunFact("r", params={"a": math.nan}), InvalidValue),
    (lambda: RunFact("r", params={"a": [math.inf]}), InvalidValue),
    (lambda: RunFact("r", params={"a": SURROGATE}), InvalidValue),
    (lambda: RunFact("r", params={"a": {SURROGATE: 1}}), InvalidValue),
    (lambda: RunFact("r", params={"a": {1: 2}}), InvalidValue),  # type: ignore[dict-item]
    (lambda: RunFact("r", params={1: 2}), InvalidName),  # type: ignore[dict-item]
    (lambda: RunFact("r", params={"a": object()}), InvalidValue),  # type: ignore[dict-item]
    (lambda: RunFact("r", params={"a": {1, 2}}), InvalidValue),  # type: ignore[dict-item]
    (lambda: RunFact("r", started_at=datetime(2026, 1, 1)), NaiveDatetime),  # noqa: DTZ001  # that is the point
    (lambda: RunFact("r", started_at=pd.Timestamp("2026-01-01")), NaiveDatetime),
    (lambda: RunFact("r", started_at=pd.NaT), InvalidFact),  # type: ignore[arg-type]
    (lambda: RunFact("r", started_at=date(2026, 1, 1)), InvalidFact),  # type: ignore[arg-type]
    (lambda: RunFact("r", started_at="2026-01-01"), InvalidFact),  # type: ignore[arg-type]
    (lambda: RunFact("r", started_at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))), InvalidFact),
    (lambda: RunFact("r", started_at=at(2), ended_at=at(1)), EndBeforeStart),
    (lambda: RunFact("r", status=Status.RUNNING, ended_at=at(1)), InvalidFact),
]


@pytest.mark.parametrize(("make", "error"), REFUSED)
def test_what_no_store_can_hold_is_refused_when_it_is_said(
    make: Callable[[], object], error: type[InvalidFact]
) -> None:
    with pytest.raises(error) as failure:
        make()
    assert len(str(failure.value)) < 500


def test_a_run_that_cannot_be_recorded_does_not_begin(lineage: Lineage) -> None:
    begun = []
    for inputs, params in [((SURROGATE,), {}), (("x",), {"a": math.nan})]:
        with pytest.raises(InvalidFact), headwater.log_run("etl", inputs, params=params, lineage=lineage):
            begun.append(inputs)
    assert begun == []
    assert lineage.store.stats()["runs"] == 0


def test_the_first_bad_fact_keeps_the_whole_batch_out(lineage: Lineage) -> None:
    def facts() -> Iterator[RunFact]:
        yield RunFact("good", "etl", at=at(0))
        yield RunFact("bad", params={"a": math.nan})

    with pytest.raises(InvalidValue):
        lineage.record(facts())
    assert lineage.store.stats()["runs"] == 0


@pytest.mark.parametrize("text", ["", "nothing", "a\0b", "x" * 10_000, "nothing@r", "'; --"])
def test_what_is_not_there_is_named(lineage: Lineage, text: str) -> None:
    lineage.record([RunFact("r", "etl", at=at(0), outputs=(Output("x"),))])
    for ask, error in (
        (lineage.trace, UnknownPointer),
        (lineage.flag, UnknownPointer),
        (lineage.inspect, UnknownRun),
        (lineage.history, UnknownComponent),
    ):
        with pytest.raises(error):
            ask(text)
    assert lineage.store.search("nothing of that kind\0", 5) == []


def test_a_question_that_no_store_can_hold_is_named(lineage: Lineage) -> None:
    for ask in (lineage.trace, lineage.impact, lineage.flag, lineage.inspect, lineage.history, lineage.search):
        with pytest.raises(InvalidValue):
            ask(SURROGATE)
    assert lineage.store.stats()["runs"] == 0
