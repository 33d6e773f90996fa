"""What the service counts of itself, in the format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from headwater.api.questions import Questions
from headwater.errors import StoreError

_SMALL_BYTES, _MEDIUM_BYTES = 10_000, 1_000_000


class Metrics:
    """Latency by route and size of the answer, failures of the store by code, and how full the service is."""

    def __init__(self, questions: Questions) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "headwater_request_seconds",
            "Time from a request to the end of its answer.",
            ("method", "route", "status", "size"),
            registry=self._registry,
        )
        self._failures = Counter("headwater_store_errors", "Failures of the store.", ("code",), registry=self._registry)
        asked = Gauge("headwater_questions", "Questions that run or wait.", registry=self._registry)
        asked.set_function(lambda: questions.asked)
        waiting = Gauge("headwater_questions_waiting", "Questions that wait.", registry=self._registry)
        waiting.set_function(lambda: questions.waiting)

    def observe(self, method: str, route: str, status: int, size_bytes: int, seconds: float) -> None:
        """Count one request."""
        self._seconds.labels(method, route, str(status), _size(size_bytes)).observe(seconds)

    def fail(self, error: StoreError) -> None:
        """Count one failure of the store."""
        self._failures.labels(error.code).inc()

    def text(self) -> bytes:
        """Return all of it as text."""
        return generate_latest(self._registry)


def _size(size_bytes: int) -> str:
    if size_bytes < _SMALL_BYTES:
        return "small"
    return "medium" if size_bytes < _MEDIUM_BYTES else "large"
