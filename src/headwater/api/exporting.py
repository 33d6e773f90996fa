"""Where the traces of a service that runs by itself go: to the collector that OpenTelemetry's own variables name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import set_tracer_provider


@contextmanager
def exported() -> Iterator[None]:
    """Send what is traced until the end of the context, and then what is left."""
    provider = TracerProvider(resource=Resource.create({"service.name": "headwater"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()
