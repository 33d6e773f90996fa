"""Explicit logging: one run of a component, told by hand. Every later kind of capture ends here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from headwater import clock, ids
from headwater.graph.connect import default
from headwater.graph.facts import Input, NameLike, Output, PointerType, RunFact, Status, as_input, as_output
from headwater.graph.lineage.face import Lineage
from headwater.graph.values import JSON


@dataclass(slots=True)
class RunLog:
    """An open run: what its body adds to what was said at the start."""

    id: str
    component: str
    started_at: datetime
    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    params: dict[str, JSON] = field(default_factory=dict)

    def input(
        self, name: NameLike, *, at: datetime | None = None, digest: str | None = None, state: str | None = None
    ) -> None:
        """Say that the run read `name`; exactly the state with this digest or id, if given."""
        self.inputs.append(Input(str(name), at=at, digest=digest, state=state))

    def output(self, name: NameLike, *, digest: str | None = None, type: PointerType | None = None) -> None:  # noqa: A002  # the field's word
        """Say that the run wrote `name`."""
        self.outputs.append(Output(str(name), digest=digest, type=type))

    def param(self, key: str, value: JSON) -> None:
        """Say that the run used this parameter."""
        self.params[key] = value


@contextmanager
def log_run(
    component: str,
    inputs: Iterable[Input | NameLike] = (),
    outputs: Iterable[Output | NameLike] = (),
    params: Mapping[str, JSON] | None = None,
    *,
    commit: str | None = None,
    run_id: str | None = None,
    lineage: Lineage | None = None,
) -> Iterator[RunLog]:
    """Record one run of `component` around a body: its start before, its end and `outputs` after.

    A failure in the body is recorded with its message and raised again; of the outputs only those that the body told
    of by `run.output` are then recorded. Raises InvalidFact before the body runs, StoreError when the store fails.
    """
    store = lineage or default()
    run = run_id or ids.new_run_id()
    started = clock.now()
    promised = tuple(map(as_output, outputs))
    start = RunFact(
        run,
        component,
        Status.RUNNING,
        started,
        inputs=tuple(map(as_input, inputs)),
        params=params or {},
        commit=commit,
        at=started,
    )
    store.record([start])
    log = RunLog(run, component, started)
    try:
        yield log
    except BaseException as exc:
        status = Status.FAILED if isinstance(exc, Exception) else Status.ABORTED
        store.record([_end(log, status, (), f"{type(exc).__name__}: {exc}")])
        raise
    store.record([_end(log, Status.COMPLETED, promised, None)])


def _end(log: RunLog, status: Status, promised: tuple[Output, ...], error: str | None) -> RunFact:
    ended = clock.now()
    return RunFact(
        log.id,
        status=status,
        ended_at=max(ended, log.started_at),
        inputs=tuple(log.inputs),
        outputs=(*promised, *log.outputs),
        params=log.params,
        error=error,
        at=ended,
    )
