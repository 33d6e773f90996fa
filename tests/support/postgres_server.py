"""A PostgreSQL server for tests, where its programs are installed; without them the tests are skipped aloud."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.neo4j_fixtures import NOT_TESTED

_USER = "postgres"


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server of its own on a free port and give its address, `postgres@127.0.0.1:PORT`; it trusts everybody."""
    if not shutil.which("initdb") or not shutil.which("pg_ctl"):
        pytest.skip(f"{NOT_TESTED}: PostgreSQL: initdb and pg_ctl are not on the path")
    with tempfile.TemporaryDirectory() as folder, _free_port() as port:
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(folder, _USER)
        data = str(Path(folder) / "data")
        _run("initdb", "--pgdata", data, "--username", _USER, "--auth", "trust", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        _run("pg_ctl", "--pgdata", data, "--wait", "--log", str(Path(folder) / "log"), "--options", options, "start")
        try:
            yield f"{_USER}@127.0.0.1:{port}"
        finally:
            _run("pg_ctl", "--pgdata", data, "--wait", "--mode", "immediate", "stop")


def _run(*command: str) -> None:
    user = _USER if os.geteuid() == 0 else None
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, user=user, cwd="/")
    assert done.returncode == 0, done.stderr.decode()


@contextmanager
def _free_port() -> Iterator[int]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    yield port
