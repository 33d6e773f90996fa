"""The application: its routes, and the layers that every request passes."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware
from starlette_compress import CompressMiddleware, add_compress_type

from headwater.api.access import Access
from headwater.api.bodies import Bodies
from headwater.api.documentation import NDJSON, document
from headwater.api.failures import answer_failures
from headwater.api.headers import DOCS_FILES
from headwater.api.observing import Observed
from headwater.api.routes import ROUTERS
from headwater.api.service import Service
from headwater.graph.lineage.face import Lineage
from headwater.graph.store import Store
from headwater.settings import Settings

add_compress_type(NDJSON)


# The framework's own spans and logs hold addresses, in which names stand, and the words of failures.
_QUIET: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(settings: Settings, store: Store) -> FastAPI:
    """Return the service on a store, which its caller opens and closes."""
    about = {"title": "Headwater", "version": version("headwater")}
    app = FastAPIOffline(redoc_url=None, static_url=DOCS_FILES, telemetry=_QUIET, **about)
    app.state.service = service = Service.of(settings, Lineage(store))
    for router in ROUTERS:
        app.include_router(router)
    answer_failures(app)
    document(app)
    _add_layers(app, service)
    return app


def _add_layers(app: FastAPI, service: Service) -> None:
    """Add the layers from the innermost: each sees the requests that the next one has passed on."""
    settings = service.settings
    app.add_middleware(Bodies, most_bytes=settings.api_body_bytes)
    app.add_middleware(Access, tokens=service.tokens, openid=service.openid, per_s=settings.api_rate)
    app.add_middleware(CompressMiddleware, brotli=False)
    if settings.api_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.api_origins, allow_headers=["authorization"], max_age=600
        )
    if settings.api_traces:
        from headwater.api.tracing import Traced

        app.add_middleware(Traced)
    app.add_middleware(Observed, metrics=service.metrics)
