"""The command that serves the lineage graph to agents."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.cli.serve import Host, listen, may_listen, opened_for
from headwater.errors import MissingExtra
from headwater.settings import load_settings

Port = Annotated[
    int | None, typer.Option(min=0, max=65_535, help="Serve over HTTP on this port, instead of stdin and stdout.")
]


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("mcp")(serve_agents)


def serve_agents(host: Host = "127.0.0.1", port: Port = None) -> None:
    """Serve traces, impact, rankings and runs to agents, by the Model Context Protocol."""
    try:
        from headwater.api.agents import agent_app, agent_server
        from headwater.api.service import Service
    except ModuleNotFoundError as exc:
        raise MissingExtra(f"{exc.name} is not installed", hint="pip install 'headwater[api,mcp]'") from exc

    settings = load_settings()
    if port is not None:
        may_listen(settings, host)
    with opened_for(settings) as lineage:
        service = Service.of(settings, lineage)
        if port is None:
            agent_server(service).run("stdio")
        else:
            listen(agent_app(service), host, port)
