"""The command that serves the lineage graph over HTTP."""

from __future__ import annotations

import gc
import logging
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

import typer

from headwater.api.tokens import TokenFolder
from headwater.cli.context import opened
from headwater.errors import MissingExtra, UsageError
from headwater.graph.lineage.face import Lineage
from headwater.settings import Settings, load_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# An address may hold two names of 4 KB, each of their bytes as three characters.
_REQUEST_HEAD_BYTES = 1 << 16
_GOODBYE_S = 10
_RETRIES = 6

Host = Annotated[str, typer.Option(help="The address to listen on; others than this machine's need tokens.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="The port; 0 takes a free one, which the log names.")]


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(serve)


def serve(host: Host = "127.0.0.1", port: Port = 8765) -> None:
    """Serve the lineage graph over HTTP, until interrupted; the log is JSON lines on standard error."""
    try:
        from headwater.api.app import create_app
    except ModuleNotFoundError as exc:
        raise MissingExtra(f"{exc.name} is not installed", hint="pip install 'headwater[api]'") from exc

    settings = load_settings()
    may_listen(settings, host)
    with opened_for(settings) as lineage:
        app = create_app(settings, lineage.store)
        with _traced(settings):
            listen(app, host, port)


def opened_for(settings: Settings) -> Lineage:
    """Open the lineage graph for a service.

    A store that stays away is a failure long before the time of a question is over, and its place goes to the next.
    """
    return opened(retry_s=settings.api_timeout_s / _RETRIES)


def may_listen(settings: Settings, host: str) -> None:
    """Raise UsageError for an address of more than this machine where everybody there would be let in."""
    if not _wants_tokens(settings) and not _is_loopback(host):
        hint = "make a token with `headwater tokens add`, or leave out --host"
        raise UsageError(f"without tokens only this machine is answered, not {host}", hint=hint)


def listen(app: ASGIApp, host: str, port: int) -> None:
    """Serve an application until interrupted."""
    import uvicorn

    from headwater.api.logs import configure_logs

    configure_logs()
    # uvicorn ends with the signal that it was sent, which would leave the store open and the last traces unsent.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    access = "with tokens" if _wants_tokens(load_settings()) else "without tokens: this machine only"
    logging.getLogger("headwater.api").info("serving", extra={"fields": {"access": access}})
    # What is loaded by now stays to the end: the garbage collector need not walk it again behind every large answer.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=_REQUEST_HEAD_BYTES,
        timeout_graceful_shutdown=_GOODBYE_S,
    )


def _traced(settings: Settings) -> AbstractContextManager[None]:
    if not settings.api_traces:
        return nullcontext()
    try:
        from headwater.api.exporting import exported
    except ModuleNotFoundError as exc:
        raise MissingExtra(f"{exc.name} is not installed", hint="pip install 'headwater[otel]'") from exc
    return exported()


def _wants_tokens(settings: Settings) -> bool:
    return settings.api_oidc_issuer is not None or TokenFolder(settings.api_tokens).are_used


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
