"""One execution of a component, from its first fact to its last. Nothing here raises but what the user asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from headwater import clock
from headwater.graph.facts import ComponentFact, RunFact, Status, TriggerResult
from headwater.graph.values import JSON, canonical
from headwater.sdk import autolog, beside, erased, frames, recording
from headwater.sdk.artifacts.keeping import Keeper
from headwater.sdk.blocked import ErasedInputs, StaleInputs, TriggerFailed
from headwater.sdk.claims import Claim, captured
from headwater.sdk.code import commit_of, environment
from headwater.sdk.erased import erased_lines, log_if_erased
from headwater.sdk.faults import Ours, log, storable
from headwater.sdk.freshness import log_if_stale, stale_lines
from headwater.sdk.history import History
from headwater.sdk.measuring import measure
from headwater.sdk.plan import Plan, params_of
from headwater.sdk.recorder import Make
from headwater.sdk.reruns import next_run_id
from headwater.sdk.run import RunLog, current
from headwater.sdk.triggers import HISTORY, RESULT, Trigger

if TYPE_CHECKING:
    from headwater.sdk.autolog.touched import Touched
    from headwater.sdk.component import Component

WAIT_S = 10.0
_MOST_ERROR = 10_000


class Execution:
    """A run of a component that is under way."""

    __slots__ = ("_arguments", "_component", "_is_asked", "_plan", "_previous", "run")

    def __init__(self, component: Component, plan: Plan | None) -> None:
        self._component = component
        self._plan = plan
        self._arguments: Mapping[str, object] = {}
        self.run = RunLog(next_run_id(component.name), component.name, clock.now(), is_strict=False)
        if component.artifacts != "none":
            self.run.keep = Keeper(self.run, component.artifacts, component.durability)
        self._previous: RunLog | None = None
        self._is_asked = False

    def begin(self, args: tuple[object, ...] = (), kwargs: Mapping[str, object] | None = None) -> None:
        """Capture what the run begins with, and record that it has begun.

        Raises TriggerFailed, ErasedInputs or StaleInputs when the component's policy is to block.
        """
        self.enter()
        with Ours("capturing the inputs"):
            self._capture_inputs(args, kwargs or {})
        with Ours("recording the start of a run"):
            self._record_start()
        try:
            self._admit()
        except BaseException as exc:
            self.end(Status.ABORTED, exc)
            raise
        if self._component.auto_log:
            autolog.begin(self.run)

    def enter(self) -> None:
        """Make this the current run."""
        self._previous = current.get()
        current.set(self.run)

    def leave(self) -> None:
        """Make the run that was current before the current one again."""
        current.set(self._previous)

    def finish(self, result: object, frame: FrameType | None) -> None:
        """Capture what the run ends with, run the triggers, and record that it has completed."""
        ended_at = clock.now()
        touched = autolog.end(self.run)
        given: dict[str, object] = {}
        try:
            with Ours("capturing the outputs"):
                found = self._capture_outputs(frame, is_complete=True, touched=touched)
                given = {**self._arguments, **found, RESULT: result}
                self._test(self._component.after_triggers, given)
        finally:
            self.end(Status.COMPLETED, None, ended_at=ended_at)
        if self._component.measures:
            with Ours("measuring"):
                measure(self._component, self.run.id, given, () if self._plan is None else self._plan.known)

    def fail(self, error: BaseException, frame: FrameType | None) -> None:
        """Capture what there is of the outputs, and record that the run has failed, or was interrupted."""
        touched = autolog.end(self.run)
        with Ours("capturing the outputs"):
            self._capture_outputs(frame, is_complete=False, touched=touched)
        self.end(Status.FAILED if isinstance(error, Exception) else Status.ABORTED, error)

    def end(self, status: Status, error: BaseException | None, ended_at: datetime | None = None) -> None:
        """Record how the run has ended."""
        try:
            with Ours("recording the end of a run"):
                make = partial(_end_fact, self.run, status, ended_at or clock.now(), _message(error))
                self._put(make, self._question())
        finally:
            self.leave()

    def _capture_inputs(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        if self._plan is None:
            return
        self._arguments = arguments = self._plan.arguments(args, kwargs)
        self._captured(self._plan.input_vars, arguments, self.run.inputs, written=False)
        self.run.params.update(params_of(arguments, (*self._plan.input_vars, *self._plan.output_vars)))

    def _capture_outputs(
        self, frame: FrameType | None, *, is_complete: bool, touched: Touched | None
    ) -> dict[str, object]:
        found = {} if self._plan is None else self._capture_variables(self._plan, frame, is_complete=is_complete)
        if touched is not None:
            with Ours("auto-logging"):
                touched.tell()
        return found

    def _capture_variables(self, plan: Plan, frame: FrameType | None, *, is_complete: bool) -> dict[str, object]:
        found = frames.values(frame, plan.locals)
        late = [name for name in plan.input_vars if name not in self._arguments]
        self._captured(late, found, self.run.inputs, written=False)
        self._captured(plan.output_vars, found, self.run.outputs, written=True)
        missing = [name for name in (*late, *plan.output_vars) if name not in found]
        if is_complete and missing:
            self.run.warnings += [f"{name} is no variable of the function when it returns" for name in missing]
        return found

    def _captured(
        self, wanted: Sequence[str], found: Mapping[str, object], into: list[Claim], *, written: bool
    ) -> None:
        for name in wanted:
            if name in found:
                value = found[name]
                claims, warning = captured(name, value, self.run.name_of(value), written=written)
                into += claims
                self.run.kept(value, claims, written=written)
                self.run.warnings += [warning] if warning else []

    def _record_start(self) -> None:
        for make in self._component.introductions(self._plan):
            recording.recorder.put(make)
        run, component = self.run, self._component
        make = partial(_start_fact, component, self._plan, run, tuple(run.inputs), dict(run.params))
        self._put(make, self._question())

    def _question(self) -> Callable[[], None] | None:
        """Return the question whether the run's inputs are stale, once, and as soon as there are inputs."""
        run, policy = self.run, self._component.on_stale
        if self._is_asked or not run.inputs or policy not in ("log", "warn"):
            return None
        self._is_asked = True
        return partial(log_if_stale, run.id, run.component, policy, recording.recorder)

    def _put(self, make: Make, after: Callable[[], None] | None = None) -> None:
        if self._component.durability == "wait":
            recording.recorder.put_and_wait(make, WAIT_S)
            if after is not None:
                recording.recorder.ask(after, 0)
        else:
            recording.recorder.put(make, after)

    def _admit(self) -> None:
        """Run the tests before the function, and raise when the component says that this run must not begin."""
        if self._component.on_erased != "ignore" and self.run.inputs:
            self._mind_erased_inputs()
        if self._component.on_stale == "block" and self.run.inputs:
            self._refuse_stale_inputs()
        failed: list[str] = []
        with Ours("running the triggers"):
            failed = self._test(self._component.before_triggers, self._arguments)
        if failed and self._component.on_failure == "block":
            why = "; ".join(f"{key}: {self.run.triggers[key].message}" for key in failed)
            raise TriggerFailed(f"{self.run.component} was not run: {why}")

    def _mind_erased_inputs(self) -> None:
        lines: list[str] = []
        with Ours("looking for erased inputs"):
            run, component = self.run.id, self.run.component
            if not erased.knowledge.may_be(recording.recorder):
                return
            if self._component.on_erased == "block":
                recording.recorder.ask(lambda: lines.extend(erased_lines(run, component)), WAIT_S)
            else:
                recording.recorder.ask(partial(log_if_erased, run, component), 0)
        if lines:
            self.run.facets["erased"] = lines[0]
            raise ErasedInputs(lines[0])

    def _refuse_stale_inputs(self) -> None:
        lines: list[str] = []
        with Ours("looking for stale inputs"):
            recording.recorder.ask(lambda: lines.extend(stale_lines(self.run.id, self.run.component)), WAIT_S)
        if lines:
            self.run.facets["stale"] = lines[0]
            raise StaleInputs(lines[0])

    def _test(self, tests: Sequence[Trigger], given: Mapping[str, object]) -> list[str]:
        """Run the triggers; return those that failed, without those that run beside the function."""
        if not tests:
            return []
        known = {**given, HISTORY: History(self.run.component, self.run.id)}
        failed = []
        for trigger in tests:
            if trigger.is_asynchronous:
                beside.start(partial(self._test_beside, trigger, known), f"headwater-{trigger.key}")
                continue
            result = self.run.triggers[trigger.key] = trigger.run(known)
            if result.outcome != "passed":
                failed.append(trigger.key)
                self._warn(trigger.key, result)
        return failed

    def _test_beside(self, trigger: Trigger, known: Mapping[str, object]) -> None:
        result = trigger.run(known)
        if result.outcome != "passed":
            self._warn(trigger.key, result)
        fact = RunFact(self.run.id, triggers={trigger.key: result}, at=clock.now())
        recording.recorder.put(lambda: fact)

    def _warn(self, key: str, result: TriggerResult) -> None:
        if self._component.on_failure != "record":
            told = (self.run.component, key, result.outcome, result.message, self.run.id)
            log.warning("%s: trigger %s %s: %s (run %s)", *told)


class IdleExecution(Execution):
    """The same while recording is off: it takes everything and keeps nothing."""

    __slots__ = ()

    def __init__(self, component: Component, plan: Plan | None) -> None:
        super().__init__(component, plan)
        self.run.keep = None

    def begin(self, args: tuple[object, ...] = (), kwargs: Mapping[str, object] | None = None) -> None:
        """Do nothing."""

    def enter(self) -> None:
        """Do nothing."""

    def leave(self) -> None:
        """Do nothing."""

    def finish(self, result: object, frame: FrameType | None) -> None:
        """Do nothing."""

    def fail(self, error: BaseException, frame: FrameType | None) -> None:
        """Do nothing."""


def introduction(component: Component) -> ComponentFact:
    """Return what the component says of itself."""
    tags = tuple(component.tags) or None
    of = component
    return ComponentFact(of.name, of.description, of.owner, tags, of.max_age, facets=of.deletion)


def source_introduction(component: str, plan: Plan) -> ComponentFact:
    """Return the text of a function's source, kept once for each digest beside its component."""
    facets: dict[str, JSON] = {}
    if plan.source.text is not None:
        facets[f"source:{plan.source.digest}"] = plan.source.text
    return ComponentFact(component, facets=facets)


def _start_fact(
    component: Component, plan: Plan | None, run: RunLog, inputs: Sequence[Claim], params: Mapping[str, JSON]
) -> RunFact:
    facets: dict[str, JSON] = environment() if component.records_environment else {}
    commit = commit_of(str(Path.cwd()) if plan is None else plan.source.folder)
    if commit.is_dirty is not None:
        facets["dirty"] = commit.is_dirty
    return RunFact(
        run.id,
        run.component,
        Status.RUNNING,
        run.started_at,
        inputs=tuple(claim.as_input() for claim in inputs),
        params=_storable(params, run.warnings),
        commit=commit.id,
        source=None if plan is None else plan.source.digest,
        at=run.started_at,
        facets=facets,
    )


def _end_fact(run: RunLog, status: Status, ended_at: datetime, error: str | None) -> RunFact:
    facets = run.facets | ({"capture": list(map(storable, run.warnings))} if run.warnings else {})
    return RunFact(
        run.id,
        run.component,
        status,
        run.started_at,
        max(ended_at, run.started_at),
        tuple(claim.as_input() for claim in run.inputs),
        tuple(claim.as_output() for claim in run.outputs),
        _storable(run.params, run.warnings),
        dict(run.triggers),
        error=error,
        facets=facets,
    )


def _storable(params: Mapping[str, JSON], warnings: list[str]) -> dict[str, JSON]:
    """Return the params that a store can hold exactly; the others become warnings."""
    found: dict[str, JSON] = {}
    for name, value in params.items():
        with Ours("recording a param") as attempt:
            canonical(value, f"param {name!r}")
            found[name] = value
        if attempt.has_failed:
            warnings.append(str(attempt.error))
    return found


def _message(error: BaseException | None) -> str | None:
    if error is None:
        return None
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  # a foreign exception may not be able to say what it is
        text = "(it cannot be shown)"
    told = f"{type(error).__name__}: {text}"[:_MOST_ERROR]
    return told.replace("\0", "").encode("utf-8", "replace").decode()
