"""Coroutine and generator functions stay what they are, and record each execution of their own code."""

# a component captures variables, used or not
from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

from headwater.graph.facts import Status
from headwater.graph.lineage.face import Lineage
from headwater.sdk import recording
from headwater.sdk.component import Component
from headwater.sdk.run import current_run
from tests.support.recorded import names_written, recording_in, runs, the_run

stage = Component("stage")


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lineage]:
    with recording_in(tmp_path, monkeypatch) as lineage:
        yield lineage


def test_a_coroutine_function_stays_one(lineage: Lineage) -> None:
    @stage.run(output_vars=["out"])
    async def fetch(name: str) -> str:
        await asyncio.sleep(0)
        out = f"{name}.csv"
        current_run().param("seen", name)
        await asyncio.sleep(0)
        return out

    async def all_at_once() -> list[str]:
        return list(await asyncio.gather(fetch("a"), fetch("b"), fetch("c")))

    assert asyncio.run(all_at_once()) == ["a.csv", "b.csv", "c.csv"]
    assert inspect.iscoroutinefunction(fetch)
    found = runs(lineage)
    assert sorted((names_written(one)[0], one.run.params["seen"]) for one in found) == [
        ("a.csv", "a"),
        ("b.csv", "b"),
        ("c.csv", "c"),
    ]


@stage.run(output_vars=["last"])
def echo() -> Generator[str, str | None, str]:
    last, got = "begin", None
    while got != "end":
        try:
            got = yield last
        except ValueError as exc:
            got = f"caught {exc}"
        last = f"{got}.csv"
    return last


def test_a_generator_takes_what_is_sent_and_thrown(lineage: Lineage) -> None:
    generator = echo()
    assert inspect.isgeneratorfunction(echo)
    said = [next(generator), generator.send("a"), generator.throw(ValueError("b"))]
    with pytest.raises(StopIteration) as stop:
        generator.send("end")
    assert (said, stop.value.value) == (["begin", "a.csv", "caught b.csv"], "end.csv")
    assert names_written(the_run(lineage)) == ["end.csv"]


def test_a_generator_that_is_never_exhausted_has_written_what_it_had_last(lineage: Lineage) -> None:
    generator = echo()
    next(generator)
    generator.send("a")
    generator.close()
    found = the_run(lineage)
    assert (found.run.status, names_written(found)) == (Status.COMPLETED, ["a.csv"])


def test_a_generator_that_is_never_begun_is_no_run(lineage: Lineage) -> None:
    echo()
    assert runs(lineage) == []


def test_what_happens_between_two_steps_of_a_generator_is_not_its_run(lineage: Lineage) -> None:
    for _ in zip(echo(), range(2), strict=False):
        current_run().param("outside", value=True)
    assert [one.run.params for one in runs(lineage)] == [{}]


def test_an_async_generator_stays_one(lineage: Lineage) -> None:
    @stage.run(output_vars=["name"])
    async def pages(most: int) -> AsyncIterator[str]:
        for number in range(most):
            name = f"page-{number}.csv"
            yield name

    async def read() -> list[str]:
        return [page async for page in pages(3)]

    assert asyncio.run(read()) == ["page-0.csv", "page-1.csv", "page-2.csv"]
    assert inspect.isasyncgenfunction(pages)
    found = the_run(lineage)
    assert (found.run.params, names_written(found)) == ({"most": 3}, ["page-2.csv"])


def test_a_switched_off_generator_gives_the_same(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording.switch, "is_off", True)
    assert list(zip(echo(), range(1), strict=False)) == [("begin", 0)]
    assert runs(lineage) == []
