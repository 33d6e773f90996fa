"""The server of docker-compose.yml, for tests on a machine that has a Docker daemon and no Java."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.neo4j_database import FoundServer
from tests.support.neo4j_jars import ServerUnavailable

FILE = Path(__file__).resolve().parents[2] / "docker-compose.yml"


@contextmanager
def compose_server() -> Iterator[FoundServer]:
    """Run the service with a project, a volume and a password of its own, and take all of it away at the end.

    Raises ServerUnavailable when no Docker daemon answers or the service does not come up.
    """
    _run("docker", "info")
    project = ("docker", "compose", "--project-name", f"headwater-test-{secrets.token_hex(4)}", "--file", str(FILE))
    password = secrets.token_urlsafe(15)
    environment = {"HEADWATER_NEO4J_PASSWORD": password}
    try:
        _run(*project, "up", "--wait", environment=environment)
        yield FoundServer("bolt://127.0.0.1:7687", "neo4j", password)
    finally:
        subprocess.run([*project, "down", "--volumes"], env=os.environ | environment, capture_output=True, check=False)


def _run(*command: str, environment: Mapping[str, str] | None = None) -> None:
    variables = os.environ | (environment or {})
    try:
        subprocess.run(command, env=variables, capture_output=True, text=True, timeout=240, check=True)
    except FileNotFoundError as exc:
        raise ServerUnavailable(f"{command[0]} is not on PATH") from exc
    except subprocess.CalledProcessError as exc:
        raise ServerUnavailable(f"{' '.join(command[:2])}: {exc.stderr.strip()[-500:]}") from exc
    except subprocess.TimeoutExpired as exc:
        raise ServerUnavailable(f"{' '.join(command)} took longer than {exc.timeout:.0f} s") from exc
