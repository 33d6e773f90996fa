"""The deletion at the end of the demo is one: what is rerun is computed, what is erased is erased."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from headwater import Lineage, connect
from headwater.deletion import Task
from headwater.demo.farewell import Rebuilt, last_minute_customer, show_farewell
from headwater.demo.pipeline import customer_file
from headwater.demo.screen import Screen
from headwater.demo.tour import Story, record


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lineage, Story]]:
    with connect(f"sqlite:///{tmp_path_factory.mktemp('demo')}/lineage.db") as lineage:
        yield lineage, record(lineage)


def test_the_deletion_is_verified_and_leaves_the_store_as_it_was(month: tuple[Lineage, Story]) -> None:
    lineage, story = month
    before = lineage.digest()

    with redirect_stdout(io.StringIO()) as screen:
        show_farewell(Screen(), lineage, story.trips, story.served)

    told = " ".join(screen.getvalue().split())
    assert "47 of 627 runs are rerun, in 12 waves; no fewer would do" in told
    assert "43 were rerun for real" in told
    assert re.search(r"recall was 9\d\.\d% before and is 9\d\.\d% now", told)
    assert "Verified: " in told
    assert "and 0 of them are live" in told
    assert lineage.digest() == before


@pytest.mark.parametrize("component", ["history", "encode", "train", "features", "predict"])
def test_a_rerun_computes_what_the_pipeline_did(month: tuple[Lineage, Story], tmp_path: Path, component: str) -> None:
    lineage, story = month
    with connect(f"sqlite:///{tmp_path}/copy.db") as copy:
        copy.record(lineage.store.facts())
        old = copy.inspect(copy.history(component, 1).runs[0].id)
        [output] = old.outputs
        inputs = tuple(state.name for _, state in old.inputs)

        Rebuilt(copy, story.trips)(Task("again", old.run.id, component, inputs, (output.name,)))

        assert copy.store.resolve(f"{output.name}@again").digest == output.digest


def test_the_customer_rode_once(month: tuple[Lineage, Story]) -> None:
    lineage, story = month
    customer = last_minute_customer(story.trips)

    assert (story.trips["customer"] == customer).sum() == 1
    assert lineage.store.resolve(customer_file(customer)).run is None
