"""The last step of the tour: a customer is deleted for real, on a copy of the store.

The pipeline is rerun where it has to be, without that customer's trip: tables are computed and models are fitted again,
and what each rerun read and wrote is recorded as any other run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from headwater import clock
from headwater.deletion import Deletions, Removal, Task
from headwater.deletion.plan import Plan
from headwater.demo import stages
from headwater.demo.complaints import quality
from headwater.demo.journal import Content, digest
from headwater.demo.pipeline import ENCODER, MODEL, ZONES, Served, by_ride, customer_file, file
from headwater.demo.screen import Screen
from headwater.demo.trips import BLOCKS, FIRST_DAY, NEW_YORK, Batch, trips_of
from headwater.graph.connect import connect
from headwater.graph.facts import Input, Output, RunFact, Status
from headwater.graph.lineage.face import Lineage
from headwater.graph.store import Page, RunDetail
from headwater.ids import split_state_id

LAST_SUNDAY = date(2019, 3, 24)
_MOST_RUNS = 100_000
_HOURS_A_DAY = 24


def show_farewell(screen: Screen, lineage: Lineage, trips: pd.DataFrame, served: Sequence[Served]) -> None:
    """Print the deletion of a customer who rode once, on the day before the last model was fitted."""
    customer = last_minute_customer(trips)
    name = customer_file(customer)
    screen.step("Another customer leaves. Does production stand?", f"headwater forget request {name} --reason 4711")
    with _copy(lineage) as copy:
        again = Rebuilt(copy, trips[trips["customer"] != customer])
        deletions = Deletions(copy, {"*": again}, {"*/customers/*": again.remove})
        request = deletions.request(name, by="the customer", reason="4711")
        plan = deletions.plan(by="privacy team")
        _show_plan(screen, plan)
        deletions.approve(by="head of data")
        with screen.console.status("Rerunning the pipeline without that trip ..."):
            done = deletions.execute(by="privacy team", dry_run=False)
        _show_end(screen, again, served)
        found = deletions.verify(request.id)
    verdict = "[green]Verified[/]" if done.status == "completed" and found.is_done else "[red]Not verified[/]"
    screen.say(
        f"\n[bold]{verdict}[/]: {found.reached} nodes derived from that trip, and {found.live} of them are live. "
        f"Who asked, approved and did it stands in a chain of {found.head.seq} hashes.\n"
        "[dim]It was done on a copy of the store, so that the answers above still hold.[/]"
    )


def last_minute_customer(trips: pd.DataFrame) -> str:
    """Return the customer with one ride in the month, on the last Sunday, that counts; the first by key of several."""
    rides = trips["customer"].value_counts()
    counted = _counted(trips, stages.look_up(trips))
    sunday = counted[counted["pickup"].dt.date == LAST_SUNDAY]["customer"]
    return min(str(customer) for customer in sunday if rides[customer] == 1)


class Rebuilt:
    """Makes runs of the pipeline again, each from what its inputs hold now; keeps the answers that changed."""

    def __init__(self, lineage: Lineage, trips: pd.DataFrame) -> None:
        self._lineage, self._trips = lineage, trips
        self._rows = _counted(trips, stages.look_up(trips))
        self._newest = {name: lineage.store.resolve(name).id for name in (ZONES, ENCODER, MODEL)}
        self.tasks: list[Task] = []
        self.served: dict[str, Served] = {}
        self.removed: list[str] = []

    def __call__(self, task: Task) -> None:
        """Compute what the run wrote, and record the rerun."""
        began, old = clock.now(), self._lineage.inspect(task.of)
        at = _local(old)
        reads, content = getattr(self, f"_{task.component}")(task, old, at)
        [name] = task.outputs
        wrote = Output(name, digest=digest(content))
        fact = RunFact(task.id, task.component, Status.COMPLETED, began, clock.now(), tuple(reads), (wrote,))
        self._lineage.record([fact])
        self._newest[name] = f"{name}@{task.id}"
        self.tasks.append(task)

    def remove(self, removal: Removal) -> None:
        """Take the customer's file away, of which nothing is left in memory either."""
        self.removed.append(removal.state.name)

    def _history(self, task: Task, old: RunDetail, at: datetime) -> tuple[list[Input], Content]:
        """The rows of one more day: where a quarter of it held the trip, it is taken from the customers' files."""
        night = at.replace(hour=0, minute=0)
        reads: list[Input] = []
        for _, state in old.inputs:
            block = next((block for block in BLOCKS if state.name == file("clean", block)), None)
            if block is not None and state.id in task.reads:
                reads += self._files(Batch((night - timedelta(days=1)).date(), block))
            else:
                reads.append(_read(task, state.id))
        return reads, self._until(night)

    def _encode(self, task: Task, old: RunDetail, at: datetime) -> tuple[list[Input], Content]:
        return _all_read(task, old), stages.encode(self._until(at))

    def _train(self, task: Task, old: RunDetail, at: datetime) -> tuple[list[Input], Content]:
        return _all_read(task, old), self._fitted if at.date() == _LAST_FIT.date() else self._model(at)

    def _features(self, task: Task, old: RunDetail, at: datetime) -> tuple[list[Input], Content]:
        return _all_read(task, old), stages.features(self._batch_rows(_batch_before(at)), self._codes)

    def _predict(self, task: Task, old: RunDetail, at: datetime) -> tuple[list[Input], Content]:
        reads = _all_read(task, old)
        [held] = [read.state for read in reads if read.name == MODEL]
        is_newest = held == self._newest[MODEL]
        model = self._fitted if is_newest else self._model(_local(self._lineage.inspect(str(held).rpartition("@")[2])))
        return reads, self._answers(_batch_before(at), model).to_frame()

    def _serve(self, task: Task, _: RunDetail, at: datetime) -> tuple[list[Input], Content]:
        """A batch that was served before: worked out again from its customers' files, as the pipeline stands now."""
        batch = _batch_before(at)
        rows, answers = self._batch_rows(batch), self._answers(batch, self._fitted)
        truth = stages.is_high(rows)
        right, found = int((answers == truth).sum()), int((answers & truth).sum())
        name = task.outputs[0]
        self.served[name] = Served(
            batch, f"{name}@{task.id}", at, len(rows), right, int(truth.sum()), found, by_ride(answers), by_ride(truth)
        )
        stands = [Input(one, state=self._newest[one]) for one in (ZONES, ENCODER, MODEL)]
        return [*self._files(batch), *stands], rows[["customer", "pickup"]].assign(high_tip=answers)

    def _files(self, batch: Batch) -> list[Input]:
        return [Input(customer_file(one)) for one in sorted(set(trips_of(self._trips, batch)["customer"]))]

    def _until(self, end: datetime) -> pd.DataFrame:
        return self._rows[self._rows["pickup"] < end.replace(hour=0, minute=0)]

    def _batch_rows(self, batch: Batch) -> pd.DataFrame:
        return trips_of(self._rows, batch)

    @cached_property
    def _codes(self) -> stages.Codes:
        return stages.encode(self._until(_LAST_FIT))

    @cached_property
    def _fitted(self) -> stages.Model:
        return self._model(_LAST_FIT)

    def _model(self, at: datetime) -> stages.Model:
        history = self._until(at)
        return stages.train(history, stages.encode(history))

    def _answers(self, batch: Batch, model: stages.Model) -> pd.Series[bool]:
        return stages.predict(model, stages.features(self._batch_rows(batch), self._codes))


_LAST_FIT = datetime.combine(LAST_SUNDAY + timedelta(days=1), datetime.min.time())


def _local(detail: RunDetail) -> datetime:
    """Return when a run began, in New York."""
    return detail.run.started_at.astimezone(NEW_YORK).replace(tzinfo=None)


def _read(task: Task, state: str) -> Input:
    now = task.reads.get(state, state)
    return Input((split_state_id(now) or (now, ""))[0], state=now)


def _all_read(task: Task, old: RunDetail) -> list[Input]:
    return [_read(task, state.id) for _, state in old.inputs if state.id not in task.without]


def _batch_before(at: datetime) -> Batch:
    """Return the batch whose stages ran at a time: they begin some minutes after its end."""
    inside = at - timedelta(hours=1)
    return Batch(inside.date(), BLOCKS[inside.hour * len(BLOCKS) // _HOURS_A_DAY])


def _counted(trips: pd.DataFrame, zones: pd.DataFrame) -> pd.DataFrame:
    """Return the trips as they go into the tables."""
    inside = trips[trips["pickup"] >= datetime.combine(FIRST_DAY, datetime.min.time())]
    return stages.clean(inside.drop(columns=["pickup_borough", "dropoff_borough"]), zones)


@contextmanager
def _copy(lineage: Lineage) -> Iterator[Lineage]:
    """Give a copy of what the demo recorded, in a file that goes with the context."""
    runs = [run.id for name in _COMPONENTS for run in lineage.store.runs(Page(_MOST_RUNS), name)]
    with TemporaryDirectory() as folder, connect(f"sqlite:///{Path(folder) / 'copy.db'}") as copy:
        copy.record(lineage.store.facts(runs))
        yield copy


_COMPONENTS = ("zones", "ingest", "clean", "history", "encode", "train", "features", "predict", "serve")


def _show_plan(screen: Screen, plan: Plan) -> None:
    counted = Counter(verdict.verdict for verdict in plan.verdicts if "@" in verdict.node)
    reruns = Counter(str(rerun.component) for rerun in plan.reruns)
    rows = [("made again before it goes", str(counted["regenerate"]), "the newest of its name")]
    rows += [("protected", str(counted["protected"]), "the live model: its replacement comes first")]
    rows += [("goes", str(counted["delete"]), "nobody current reads it; the trip's own file")]
    screen.table(("states", ">how many", "because"), rows)
    screen.say(
        f"\n{len(plan.reruns)} of 627 runs are rerun, in {len(plan.waves)} waves; no fewer would do: "
        f"{', '.join(f'{component} {n}' for component, n in reruns.items())}."
    )


def _show_end(screen: Screen, again: Rebuilt, served: Sequence[Served]) -> None:
    before = {one.name: one for one in served if one.name in again.served}
    old, new = quality(list(before.values())), quality([again.served[name] for name in before])
    screen.say(
        f"{len(again.tasks)} were rerun for real. What came out byte by byte as before proves that the rest holds "
        f"nothing of the trip. Over the {old.batches} batches that were answered again, recall was "
        f"[bold]{old.recall:.1%}[/] before and is [bold]{new.recall:.1%}[/] now."
    )
