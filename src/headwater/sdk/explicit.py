"""Explicit logging: one run of a component, told by hand, and in the store when the call returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from headwater import clock
from headwater.graph.connect import default
from headwater.graph.facts import Input, NameLike, Output, RunFact, Status, as_input, as_output
from headwater.graph.lineage.face import Lineage
from headwater.graph.values import JSON
from headwater.sdk.blocked import ErasedInputs
from headwater.sdk.claims import Claim
from headwater.sdk.erased import Policy, erased_lines, has_erasures, log_if_erased
from headwater.sdk.faults import log as logger
from headwater.sdk.files import mark_file
from headwater.sdk.reruns import next_run_id
from headwater.sdk.run import RunLog, current


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
    on_erased: Policy = "block",
) -> Iterator[RunLog]:
    """Record one run of `component` around a body: its start before, its end and `outputs` after.

    Names of files get the digest of their content. A failure in the body is recorded with its message and raised again;
    of the outputs only those that the body told of by `run.output` are then recorded.
    Raises InvalidFact before the body runs, ErasedInputs when one of `inputs` was erased (`on_erased="warn"` logs it,
    "ignore" does nothing; what the body tells of by `run.input` is logged), StoreError when the store fails.
    """
    store = lineage or default()
    run = run_id or next_run_id(component)
    started = clock.now()
    promised = tuple(map(as_output, outputs))
    start = RunFact(
        run,
        component,
        Status.RUNNING,
        started,
        inputs=tuple(_with_digest(as_input(one)) for one in inputs),
        params=params or {},
        commit=commit,
        at=started,
    )
    store.record([start])
    log = RunLog(run, component, started)
    if start.inputs:
        _mind_erased(log, store, on_erased)
    previous = current.get()
    current.set(log)
    try:
        yield log
    except BaseException as exc:
        status = Status.FAILED if isinstance(exc, Exception) else Status.ABORTED
        store.record([_end(log, status, (), f"{type(exc).__name__}: {exc}")])
        raise
    finally:
        current.set(previous)
    store.record([_end(log, Status.COMPLETED, promised, None)])
    if log.inputs and on_erased != "ignore" and has_erasures(store):
        log_if_erased(run, component, store)


def _mind_erased(log: RunLog, store: Lineage, policy: Policy) -> None:
    lines = erased_lines(log.id, log.component, store) if policy != "ignore" and has_erasures(store) else []
    for line in lines:
        if policy == "block":
            store.record([_end(log, Status.ABORTED, (), line)])
            raise ErasedInputs(line)
        logger.warning("%s (run %s)", line, log.id)


def _with_digest(claim: Input) -> Input:
    """Return a bare claim about a file with its digest, so that it is bound as the claims of components are.

    One with a time of its own is about what the name stood for then.
    """
    if claim.digest is not None or claim.state is not None or claim.at is not None:
        return claim
    return Claim(claim.name, mark=mark_file(claim.name), facets=claim.facets, labels=claim.labels).as_input()


def _written(output: Output) -> Output:
    if output.digest is not None:
        return output
    mark = mark_file(output.name)
    return Claim(output.name, None, output.type, mark, facets=output.facets, labels=output.labels).as_output()


def _end(log: RunLog, status: Status, promised: tuple[Output, ...], error: str | None) -> RunFact:
    ended = clock.now()
    return RunFact(
        log.id,
        status=status,
        ended_at=max(ended, log.started_at),
        inputs=tuple(claim.as_input() for claim in log.inputs),
        outputs=(*map(_written, promised), *(claim.as_output() for claim in log.outputs)),
        params=log.params,
        error=error,
        at=ended,
    )
