"""An execution that is killed at any moment goes on where it was: nothing is rerun twice, nothing is lost."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from headwater.deletion.execution import Execution
from headwater.deletion.rerunners import Task
from headwater.graph.facts import RunFact, Status
from headwater.graph.lineage.face import Lineage
from headwater.graph.query_store import QueryStore
from tests.support.forgetting import STAGES, START, Again, pipeline, ready
from tests.support.neo4j_database import Database
from tests.support.stores import opened
from tests.support.writers import running

STEPS = ["wave 1", "wave 2", "wave 3", "swap", "delete", "source", "erase", "purge", "scrub"]


def execute_and_stall(place: Database, pipe: Connection, stage: str, step: str) -> None:
    """Execute the plan; say what is rerun, and stay within the rerun of a component, or right after a step."""
    once = Execution._once

    def stalling(self: Execution, name: str, do: object) -> None:
        once(self, name, do)  # type: ignore[arg-type]
        if name == step:
            pipe.send("stalled")
            pipe.recv()

    def rerun(task: Task) -> None:
        pipe.send(task.component)
        if task.component == stage:
            opened(place).record([RunFact(task.id, task.component, Status.RUNNING, START)])
            pipe.send("stalled")
            pipe.recv()

    Execution._once = stalling  # type: ignore[method-assign]
    with opened(place) as store:
        deletions, _ = ready(store, Again(rerun))
        deletions.execute(by="bob", dry_run=False)


def killed(place: Database, stage: str = "", step: str = "") -> list[str]:
    """Execute a plan until it stalls there, kill it, and return what it had rerun to the end."""
    with opened(place) as store:
        store.record(pipeline())
    with running(execute_and_stall, place, [(stage, step)]) as [writer]:
        said: list[str] = []
        while not said or said[-1] != "stalled":
            said.append(writer.hear())
        writer.kill()
    return [one for one in said[:-1] if one != stage]


def resumed(store: QueryStore) -> list[str]:
    """Execute what is left; return what was rerun for it."""
    from headwater.deletion.face import Deletions

    again = Again()
    deletions = Deletions(Lineage(store), {"*": again})
    done = deletions.execute(by="eve", dry_run=False)
    assert done.status == "completed"
    assert all(deletions.verify(one.id).is_done for one in deletions.requests())
    assert not [text for text in store.kept().values() if "zoe" in text]
    return again.components


@pytest.mark.parametrize("stage", STAGES)
def test_an_execution_that_is_killed_within_a_rerun_does_that_one_again_and_no_other(
    tmp_path: Path, stage: str
) -> None:
    place = Database(f"sqlite:///{tmp_path}/lineage.db")

    before = killed(place, stage=stage)

    with opened(place) as store:
        assert before + resumed(store) == STAGES
        given_up = [run.id for run in Lineage(store).history(stage, 20).runs if run.status is Status.ABORTED]
        assert len(given_up) == 1


@pytest.mark.parametrize("step", STEPS)
def test_an_execution_that_is_killed_between_steps_goes_on_with_the_next(tmp_path: Path, step: str) -> None:
    place = Database(f"sqlite:///{tmp_path}/lineage.db")

    before = killed(place, step=step)

    with opened(place) as store:
        assert before + resumed(store) == STAGES


@pytest.mark.neo4j
@pytest.mark.parametrize(("stage", "step"), [("train", ""), ("", "erase")])
def test_an_execution_on_neo4j_goes_on_too(neo4j_url: Database, stage: str, step: str) -> None:
    before = killed(neo4j_url, stage, step)

    with opened(neo4j_url) as store:
        assert before + resumed(store) == STAGES
