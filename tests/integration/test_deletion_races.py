"""Runs that begin or end while a plan is made or executed are in the plan, or named as conflicts; never missed."""

from __future__ import annotations

from itertools import count
from multiprocessing.connection import Connection

from headwater.deletion.face import Deletions
from headwater.errors import PlanOutdated, StillReached
from headwater.graph.facts import Input, Output, RunFact, Status
from headwater.graph.lineage.face import Lineage
from tests.support.forgetting import MINE, START, Again, pipeline, ran
from tests.support.neo4j_database import Database
from tests.support.stores import opened
from tests.support.writers import Writer, running

ROUNDS = 4


def keep_reading(place: Database, pipe: Connection, who: str) -> None:
    """Read what derives from the subject, again and again, in runs that begin and end; say each that is over."""
    with opened(place) as store:
        for number in count():
            run = f"{who}-{number}"
            began = ran(run, "", 10 + number, ["clean.csv", MINE][number % 2 : number % 2 + 1]).started_at
            name = [MINE, "clean.csv"][number % 2]
            store.record([RunFact(run, "watch", Status.RUNNING, began, inputs=(Input(name, state=state_of(name)),))])
            store.record([RunFact(run, ended_at=began, outputs=(Output(f"{who}.log"),))])
            pipe.send(run)
            if pipe.poll():
                return


def state_of(name: str) -> str:
    """The state that holds data of the subject."""
    return {MINE: f"{MINE}@external", "clean.csv": "clean.csv@r1"}[name]


def acknowledged(writers: list[Writer]) -> set[str]:
    """Return the runs that writers have said by now to be over."""
    found = set()
    for writer in writers:
        while writer.pipe.poll():
            found.add(writer.hear())
    return found


def test_no_run_that_reads_the_subject_is_missed(place: Database) -> None:
    with opened(place) as store:
        store.record(pipeline())
        deletions = Deletions(Lineage(store), {"*": Again()})
        request = deletions.request("clients/c42/*", by="ann", reason="ticket").id
        known: set[str] = set()
        with running(keep_reading, place, [("w0",), ("w1",)]) as writers:
            known |= {writer.hear() for writer in writers}
            for _ in range(ROUNDS):
                told = attempt(deletions, known)
                known |= acknowledged(writers)
                remaining = {one.node for one in deletions.verify(request).remaining}
                assert not deletions.verify(request).is_done
                assert told
            for writer in writers:
                writer.pipe.send("stop")
            known |= {word for writer in writers for word in writer.hear_rest()}
        assert remaining
        plan = deletions.plan(by="ann")
        assert known <= plan.by_node.keys()
        deletions.approve(by="bob")
        done = deletions.execute(by="bob", dry_run=False)
        assert (done.status, deletions.verify(request).is_done) == ("completed", True)


def attempt(deletions: Deletions, known: set[str]) -> bool:
    """Plan and execute against the writers; return whether what came meanwhile was in the plan or named."""
    plan = deletions.plan(by="ann")
    assert known <= plan.by_node.keys()
    deletions.approve(by="bob")
    try:
        done = deletions.execute(by="bob", dry_run=False)
    except (PlanOutdated, StillReached) as error:
        return bool(error.message)
    return bool(done.remaining)


def test_a_run_that_reads_the_subject_in_the_last_moment_keeps_the_request_open(place: Database) -> None:
    with opened(place) as store:
        store.record(pipeline())
        late = ran("late", "watch", 30, [Input(MINE, state=f"{MINE}@external")], "late.log")

        class Racing(Again):
            def __call__(self, task: object) -> None:
                super().__call__(task)  # type: ignore[arg-type]

        def remove(_: object) -> None:
            store.record([late])

        deletions = Deletions(Lineage(store), {"*": Racing()}, {"clients/*": remove})
        request = deletions.request("clients/c42/*", by="ann", reason="ticket").id
        deletions.plan(by="ann")
        deletions.approve(by="bob")

        done = deletions.execute(by="bob", dry_run=False)

        assert done.status == "remaining"
        assert "late" in {one.node for one in done.remaining}
        assert [one.status for one in deletions.requests()] == ["stopped"]
        deletions.plan(by="ann")
        deletions.approve(by="bob")
        assert deletions.execute(by="bob", dry_run=False).status == "completed"
        assert deletions.verify(request).is_done
        assert store.run("late").run.erased is not None
        assert late.started_at > START  # type: ignore[operator]
