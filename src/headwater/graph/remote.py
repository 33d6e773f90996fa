"""The store behind a service: every method is a question over HTTP, `POST /api/v1/store/METHOD`.

A method joins with its name in `protocol` and one line here.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import wraps
from itertools import islice
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

from headwater.errors import InvalidValue, NotAStore, NotFound, StoreError, StoreUnavailable, TooLarge
from headwater.graph.facts import Fact, check_facts
from headwater.graph.measures import MetricFact, Window, check_measures
from headwater.graph.metrics.aggregates import Aggregate, is_ready
from headwater.graph.metrics.store import Figure, MetricStore
from headwater.graph.plain import text_of
from headwater.graph.protocol import LISTS, LONG, METRICS, PATH, Method, method_of
from headwater.graph.refusals import ForAWhile, failure_of, for_a_while
from headwater.graph.store import DeletionStore, Store, Subgraph, joined
from headwater.graph.transport import Address, Request, Transport

P = ParamSpec("P")
R = TypeVar("R")

_RECORD_TIMEOUT_S = 60.0
_GRACE_S = 30.0


def asked(method: Callable[Concatenate[Any, P], R], part: str = "") -> Callable[Concatenate[Any, P], R]:
    """Return the method of a remote store that asks the service what `method` of its own store answers.

    `part` begins the name by which the method is asked.
    """
    signature = inspect.signature(method)

    @wraps(method)
    def ask(store: RemoteStore | RemoteMetrics, /, *args: P.args, **kwargs: P.kwargs) -> R:
        given = signature.bind(store, *args, **kwargs).arguments
        del given["self"]
        return cast(R, store.ask(method_of(f"{part}{method.__name__}"), given))

    return ask


class RemoteStore:
    """A store whose methods ask a service. Opening it asks what the service is and takes.

    Raises StoreUnavailable, NotAStore, AuthenticationFailed. The token is in no message.
    """

    def __init__(self, address: Address, token: str | None = None, *, retry_s: float = 30.0) -> None:
        self._service = Transport(address, token, retry_s)
        try:
            self._keep_to(self._document(self._service.persist(lambda: self._service.answer(Request(PATH)))))
        except NotFound as exc:
            self._service.close()
            raise NotAStore(f"{address.url} is no service of Headwater, or one older than this program") from exc
        except BaseException:
            self._service.close()
            raise

    def _keep_to(self, limits: dict[str, Any]) -> None:
        """Keep to what the service says that it takes."""
        try:
            self._body_bytes, timeout_s = int(limits["body_bytes"]), float(limits["timeout_s"])
        except (KeyError, TypeError, ValueError) as exc:
            raise NotAStore(f"what answers at {self._service.address.url} is no service of Headwater") from exc
        self._timeout_s = timeout_s + _GRACE_S

    def __repr__(self) -> str:
        return f"RemoteStore({self._service.address.url!r})"

    resolve = asked(Store.resolve)
    resolve_all = asked(Store.resolve_all)
    walk = asked(Store.walk)
    sources = asked(Store.sources)
    targets = asked(Store.targets)
    run = asked(Store.run)
    runs = asked(Store.runs)
    components = asked(Store.components)
    outputs = asked(Store.outputs)
    components_of = asked(Store.components_of)
    suspects = asked(Store.suspects)
    dependencies = asked(Store.dependencies)
    input_ages = asked(Store.input_ages)
    newest_runs = asked(Store.newest_runs)
    search = asked(Store.search)
    annotations = asked(Store.annotations)
    facets = asked(Store.facets)
    facts = asked(Store.facts)
    unmade = asked(Store.unmade)
    holders = asked(Store.holders)
    watermark = asked(Store.watermark)
    digest = asked(Store.digest)
    about = asked(Store.about)
    stats = asked(Store.stats)
    labelled = asked(DeletionStore.labelled)
    data_labels = asked(DeletionStore.data_labels)
    annotated = asked(DeletionStore.annotated)
    names = asked(DeletionStore.names)
    versions = asked(DeletionStore.versions)
    states = asked(DeletionStore.states)
    starting = asked(DeletionStore.starting)
    durations = asked(DeletionStore.durations)
    has_erasures = asked(DeletionStore.has_erasures)
    salt = asked(DeletionStore.salt)
    enter = asked(DeletionStore.enter)
    register = asked(DeletionStore.register)
    keep = asked(DeletionStore.keep)
    kept = asked(DeletionStore.kept)
    drop = asked(DeletionStore.drop)
    scrub = asked(DeletionStore.scrub)

    def record(self, facts: Iterable[Fact]) -> None:
        """Add the facts, all or none; those that the service took are durable. Raises TooLarge for a large batch."""
        if found := check_facts(facts):
            self.ask(method_of("record"), {"facts": found}, _RECORD_TIMEOUT_S)

    @property
    def metrics(self) -> RemoteMetrics:
        """What is kept of metrics."""
        return RemoteMetrics(self)

    def upstream(self, ids: Sequence[str]) -> Subgraph:
        """Return everything that the states and runs were derived from."""
        return self._whole(ids, upstream=True)

    def downstream(self, ids: Sequence[str]) -> Subgraph:
        """Return everything that derives from the states and runs."""
        return self._whole(ids, upstream=False)

    def close(self) -> None:
        """Close the connections; a second call does nothing."""
        self._service.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, method: Method, given: dict[str, Any], timeout_s: float | None = None) -> Any:
        """Return what the service's store answers, as an iterator if that is what the method gives."""
        request = self._request(method, given, timeout_s)
        if method.name in LISTS:
            return self._service.persist(lambda: list(self._items(method, request)))
        if method.is_streamed:
            return self._streamed(method, request)
        if method.name in LONG:
            [found] = self._service.persist(lambda: list(self._items(method, request)))
            return found
        document = self._document(self._service.persist(lambda: self._service.answer(request)), method.answer.read)
        [found] = self._understood(method, [document["answer"]])
        return found

    def _whole(self, ids: Sequence[str], *, upstream: bool) -> Subgraph:
        """Walk to the end, from the start again if the answer breaks off."""
        method = method_of("walk")
        request = self._request(method, {"ids": ids, "upstream": upstream}, None)
        return self._service.persist(lambda: joined(self._items(method, request), upstream=upstream))

    def _request(self, method: Method, given: dict[str, Any], timeout_s: float | None) -> Request:
        body = _encoded(method.told(given))
        if len(body) > self._body_bytes:
            raise TooLarge(
                f"the question has {len(body):,} bytes, more than the {self._body_bytes:,} that the service takes",
                hint="record or ask in smaller parts, or let HEADWATER_API_BODY_BYTES of the service be more",
            )
        return Request(f"{PATH}/{method.name}", body, timeout_s or self._timeout_s)

    def _streamed(self, method: Method, request: Request) -> Iterator[Any]:
        """Give the items of an answer; what fails before the first is tried again, and what breaks off is a failure."""

        def begun() -> tuple[list[Any], Iterator[Any]]:
            items = self._items(method, request)
            return list(islice(items, 1)), items

        first, others = self._service.persist(begun)
        yield from first
        try:
            yield from others
        except ForAWhile as exc:
            raise exc.error from exc.__cause__

    def _items(self, method: Method, request: Request) -> Iterator[Any]:
        is_whole = False
        for line in filter(None, self._service.lines(request)):
            document = self._document(line, method.answer.read)
            if "error" in document:
                raise for_a_while(failure_of(document["error"]))
            is_whole = "end" in document
            yield from self._understood(method, document.get("part", ()))
        if not is_whole:
            raise ForAWhile(StoreUnavailable(f"the answer of {self._service.address.url} broke off"))

    def _understood(self, method: Method, values: Sequence[Any]) -> list[Any]:
        try:
            return list(map(method.answer.decode, values))
        except (KeyError, ValueError) as exc:
            raise StoreError(
                f"the answer of {self._service.address.url} is not understood: {exc}",
                hint="let the service and this program have the same version of headwater",
            ) from exc

    def _document(self, body: bytes, read: Callable[[bytes], Any] = json.loads) -> dict[str, Any]:
        try:
            found = read(body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise NotAStore(f"what answers at {self._service.address.url} is no service of Headwater")
        return found


class RemoteMetrics:
    """What a store behind a service keeps of metrics."""

    def __init__(self, store: RemoteStore) -> None:
        self.ask = store.ask

    joined = asked(MetricStore.joined, METRICS)
    newest = asked(MetricStore.newest, METRICS)
    of_run = asked(MetricStore.of_run, METRICS)
    values = asked(MetricStore.values, METRICS)
    incidents = asked(MetricStore.incidents, METRICS)
    claim = asked(MetricStore.claim, METRICS)
    settle = asked(MetricStore.settle, METRICS)
    _kept_figure = asked(MetricStore.figure, METRICS)

    def record(self, facts: Iterable[MetricFact]) -> None:
        """Add what was logged and measured, all or none. Raises TooLarge for a large batch."""
        if found := check_measures(facts):
            self.ask(method_of(f"{METRICS}record"), {"facts": found}, _RECORD_TIMEOUT_S)

    def figure(self, component: str, metric: str, aggregate: Aggregate, window: Window, at: datetime) -> Figure:
        """Return an aggregate over a window of a component's joined rows.

        One that is not ready-made cannot travel: all rows of the window come here, and are summed up.
        """
        if is_ready(aggregate):
            return self._kept_figure(component, metric, aggregate, window, at)
        rows = self.joined(component, metric, window, at)
        sums = [0] * aggregate.size
        for row in rows:
            parts = aggregate.of_row(row.output, row.label)
            sums = [total + part for total, part in zip(sums, parts, strict=True)]
        return Figure(aggregate.of_totals(sums, len(rows)), len(rows))


def _encoded(document: dict[str, Any]) -> bytes:
    try:
        return text_of(document)
    except UnicodeEncodeError as exc:
        raise InvalidValue(f"no store can hold this: {exc}") from exc
