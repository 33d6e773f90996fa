"""Runs that begin or end while a plan is made or executed are in the plan, or named as conflicts; never missed."""

from __future__ import annotations

import re
from datetime import timedelta
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

ROUNDS = 3
# The states that hold data of the subject, by name.
HELD = [(MINE, f"{MINE}@external"), ("clean.csv", "clean.csv@r1")]


def keep_reading(place: Database, pipe: Connection, who: str) -> None:
    """Read data of the subject, again and again, in runs that begin and end; say each that is over."""
    with opened(place) as store:
        for number in count():
            run, at = f"{who}-{number}", START + timedelta(minutes=10 + number)
            name, state = HELD[number % len(HELD)]
            store.record([RunFact(run, "watch", Status.RUNNING, at, inputs=(Input(name, state=state),))])
            store.record([RunFact(run, ended_at=at, outputs=(Output(f"{who}.log"),))])
            pipe.send(run)
            if pipe.poll():
                return


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
        request = deletions.request("clients/zoe/*", by="ann", reason="ticket").id
        with running(keep_reading, place, [("w0",), ("w1",)]) as writers:
            known = {writer.hear() for writer in writers}
            for _ in range(ROUNDS):
                assert_named(deletions, known)
                known |= acknowledged(writers)
            for writer in writers:
                writer.pipe.send("stop")
            known |= {word for writer in writers for word in writer.hear_rest()}

        assert known <= deletions.plan(by="ann").by_node.keys()
        deletions.approve(by="bob")
        assert deletions.execute(by="bob", dry_run=False).status == "completed"
        assert deletions.verify(request).is_done


def assert_named(deletions: Deletions, known: set[str]) -> None:
    """Plan and execute while others write: what was there is in the plan, what comes meanwhile is named."""
    assert known <= deletions.plan(by="ann").by_node.keys()
    deletions.approve(by="bob")
    try:
        named = " ".join(one.node for one in deletions.execute(by="bob", dry_run=False).remaining)
    except (PlanOutdated, StillReached) as error:
        named = error.message
    assert re.search(r"\bw[01]-\d+", named)


def test_a_run_that_reads_the_subject_in_the_last_moment_keeps_the_request_open(place: Database) -> None:
    with opened(place) as store:
        store.record(pipeline())
        late = ran("late", "watch", 30, [Input(MINE, state=f"{MINE}@external")], "late.log")
        deletions = Deletions(Lineage(store), {"*": Again()}, {"clients/*": lambda _: store.record([late])})
        request = deletions.request("clients/zoe/*", by="ann", reason="ticket").id
        deletions.plan(by="ann")
        deletions.approve(by="bob")

        done = deletions.execute(by="bob", dry_run=False)

        assert (done.status, [one.status for one in deletions.requests()]) == ("remaining", ["stopped"])
        assert "late" in {one.node for one in done.remaining}
        deletions.plan(by="ann")
        deletions.approve(by="bob")
        assert deletions.execute(by="bob", dry_run=False).status == "completed"
        assert deletions.verify(request).is_done
        assert store.run("late").run.erased is not None
