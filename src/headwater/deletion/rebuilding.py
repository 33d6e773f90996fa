"""Making one run again: what its rerunner is told, what is recorded of it, and what makes it count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headwater import clock, ids
from headwater.deletion.plan import Plan, Rerun
from headwater.deletion.proving import RERUN_OF
from headwater.deletion.rerunners import Rerunners, Task
from headwater.deletion.vault import Vault
from headwater.errors import RerunFailed, UnknownRun
from headwater.graph.facts import Annotation, Fact, Input, Output, RunFact, Status
from headwater.graph.store import DeletionStore, RunDetail
from headwater.graph.values import JSON, canonical
from headwater.ids import split_state_id, state_id
from headwater.sdk.claims import file_claim

_KEY = "run:"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A run that was made again as `run`; `unchanged` are the old states that it wrote again byte by byte."""

    of: str
    run: str
    component: str
    took_s: float
    unchanged: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        said = {"of": self.of, "run": self.run, "component": self.component}
        return {**said, "took_s": self.took_s, "unchanged": list(self.unchanged)}


class Rebuilder:
    """Makes the runs of a plan again, each once: what is finished stays so, whatever happens to the process.

    `plain` are the texts that identify a subject.
    """

    def __init__(
        self, store: DeletionStore, rerunners: Rerunners, plan: Plan, vault: Vault, by: str, plain: Sequence[str]
    ) -> None:
        self._store, self._rerunners, self._plan, self._vault, self._by = store, rerunners, plan, vault, by
        self._plain = plain
        kept = {key.removeprefix(_KEY): said for key, said in vault.all().items() if key.startswith(_KEY)}
        self._begun = {run: said["id"] for run, said in kept.items() if said["status"] == "begun"}
        self.done = {run: _rebuilt(said["done"]) for run, said in kept.items() if said["status"] == "finished"}

    @property
    def own(self) -> set[str]:
        """The runs that were recorded for this plan."""
        return {one.run for one in self.done.values()}

    @property
    def unchanged(self) -> set[str]:
        """The old states that were written again byte by byte."""
        return {state for one in self.done.values() for state in one.unchanged}

    def rebuild(self, rerun: Rerun) -> Rebuilt:
        """Make a run again, unless that is done; raises RerunFailed, and the run is not done then."""
        if rerun.run not in self.done:
            try:
                found = self._again(rerun)
            except RerunFailed:
                self._note(rerun, "failed", None)
                raise
            self._note(rerun, "finished", found)
            self.done[rerun.run] = found
        return self.done[rerun.run]

    def _again(self, rerun: Rerun) -> Rebuilt:
        old = self._store.run(rerun.run)
        ident, is_over = self._resumed(rerun)
        started = clock.now()
        if not is_over:
            self._note(rerun, "begun", ident)
            task = self._task(rerun, old, ident)
            ident = self._rerunners.run(task)
            self._record_if_silent(rerun, old, ident, started)
        new = self._store.run(ident)
        self._check(rerun, old, new)
        why = f"deletion plan {self._plan.digest[:12]}"
        self._store.record([Annotation(ident, "label", rerun.run, RERUN_OF, self._by, why, clock.now())])
        took = (new.run.produced_at or started) - new.run.started_at
        return Rebuilt(rerun.run, ident, str(rerun.component), took.total_seconds(), tuple(_unchanged(old, new)))

    def _resumed(self, rerun: Rerun) -> tuple[str, bool]:
        """Return under which id to run, and whether that run was over when this process took over.

        A run that a dead process began is given up, unless its rerunner knows it again by its id.
        """
        begun = self._begun.get(rerun.run)
        if begun is None:
            return ids.new_run_id(), False
        try:
            status = self._store.run(begun).run.status
        except UnknownRun:
            return (begun if self._resumes(rerun) else ids.new_run_id()), False
        if status is Status.COMPLETED:
            return begun, True
        if self._resumes(rerun):
            return begun, False
        if status is Status.RUNNING:
            said = "given up: whoever reran it is gone"
            self._store.record([RunFact(begun, status=Status.ABORTED, ended_at=clock.now(), error=said)])
        return ids.new_run_id(), False

    def _resumes(self, rerun: Rerun) -> bool:
        return bool(getattr(self._rerunners.find(rerun.component), "resumes", False))

    def _note(self, rerun: Rerun, status: str, said: str | Rebuilt | None) -> None:
        done = said.to_dict() if isinstance(said, Rebuilt) else None
        ident = said if isinstance(said, str) else None
        self._vault.put(f"{_KEY}{rerun.run}", {"status": status, "id": ident, "done": done})

    def _task(self, rerun: Rerun, old: RunDetail, ident: str) -> Task:
        left_out = {state for state, stand_in in rerun.reads if stand_in is None}
        names = dict.fromkeys(claim.claim.name for claim, state in old.inputs if state.id not in left_out)
        return Task(
            id=ident,
            of=rerun.run,
            component=str(rerun.component),
            inputs=tuple(names),
            outputs=tuple(state.name for state in old.outputs),
            params=old.run.params,
            commit=old.run.commit,
            plan=self._plan.digest,
            without=tuple(sorted(left_out)),
            leaves_out=self._plan.labels,
            reads=self._stand_ins(rerun),
            unlearns=rerun.verdict == "unlearn",
        )

    def _stand_ins(self, rerun: Rerun) -> Mapping[str, str]:
        """Return which state takes the place of each that the run read and that must not be read any more."""
        found = {}
        for state, stand_in in rerun.reads:
            name, maker = split_state_id(stand_in or "") or ("", "")
            again = self.done.get(maker)
            if stand_in is not None and (again is not None or stand_in != state):
                found[state] = stand_in if again is None else state_id(name, again.run)
        return found

    def _record_if_silent(self, rerun: Rerun, old: RunDetail, ident: str, started: datetime) -> None:
        """Record the run for a rerunner that logs nothing."""
        try:
            self._store.run(ident)
        except UnknownRun:
            self._store.record([self._fact(rerun, old, ident, started)])

    def _fact(self, rerun: Rerun, old: RunDetail, ident: str, started: datetime) -> Fact:
        run = old.run
        inputs, outputs = tuple(self._inputs(rerun, old)), tuple(map(_output, old.outputs))
        span = (started, max(started, clock.now()))
        # What names the subject was a param of the old run; nobody asked for it to be recorded again.
        params = {key: value for key, value in run.params.items() if not self._tells([key, value])}
        return RunFact(ident, rerun.component, Status.COMPLETED, *span, inputs, outputs, params)

    def _tells(self, value: JSON) -> bool:
        text = canonical(value)
        return any(canonical(plain)[1:-1] in text for plain in self._plain)

    def _inputs(self, rerun: Rerun, old: RunDetail) -> Iterator[Input]:
        stand_ins, reads = self._stand_ins(rerun), dict(rerun.reads)
        rows = self._store.data_labels([rerun.run]).get(rerun.run, {})
        for consumption, state in old.inputs:
            if state.id in reads and reads[state.id] is None:
                continue
            name = consumption.claim.name
            labels: dict[str, list[str]] = {}
            for key, value in sorted(rows.get(name, frozenset()) - set(self._plan.labels)):
                labels.setdefault(key, []).append(value)
            yield Input(name, state=stand_ins.get(state.id), labels=labels)

    def _check(self, rerun: Rerun, old: RunDetail, new: RunDetail) -> None:
        """Raise RerunFailed unless the new run has completed and has written what is to be replaced."""
        run = new.run
        if run.status is not Status.COMPLETED:
            why = f": {run.error}" if run.error else ""
            raise RerunFailed(f"{rerun.component}: run {run.id} is {run.status.value}{why}")
        written = {state.name for state in new.outputs}
        wanted = {state.name for state in old.outputs if state.id in rerun.replaces}
        if missing := sorted(wanted - written):
            raise RerunFailed(f"{rerun.component}: run {run.id} did not write {missing[0]!r}")


def _unchanged(old: RunDetail, new: RunDetail) -> Iterator[str]:
    digests = {state.name: state.digest for state in new.outputs}
    return (state.id for state in old.outputs if state.digest and digests.get(state.name) == state.digest)


def _output(state: Any) -> Output:
    """Return the claim to have written what the old run wrote, with the content of the file if it is one."""
    return file_claim(state.name, type=state.type).as_output()


def _rebuilt(said: Mapping[str, Any]) -> Rebuilt:
    return Rebuilt(**{**said, "unchanged": tuple(said["unchanged"])})
