"""A real Neo4j server without containers, for the tests, the benchmarks and `make serve-neo4j`.

`python -m tests.support.neo4j_server` runs one in the foreground, with Neo4j Browser. It listens on 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import atexit
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

from tests.support.neo4j_database import Database
from tests.support.neo4j_home import HOST, Ports, command, configuration, free_ports, usual_ports_or_free
from tests.support.neo4j_jars import LONG_TERM, RELEASES, Release, ServerUnavailable, find_java, jars

USER = "neo4j"


class ServerFailed(RuntimeError):
    """The server ended by itself or did not answer in time; the message holds the end of its log."""


class Neo4jServer:
    """A community server in a process group of its own; as a context manager it runs inside the block.

    Without `home` it lives in a temporary folder that goes with it; without `password` authentication is off.
    `quick_start` makes it start and end sooner, lets long runs go slower and limits transactions: for tests alone.
    It dies with the thread that started it where the system can do that (Linux), else at the end of the interpreter.
    Raises ServerUnavailable when the JDK or the jars cannot be had.
    """

    def __init__(
        self,
        release: Release = LONG_TERM,
        *,
        home: Path | None = None,
        password: str | None = None,
        heap: str = "1g",
        ports: Ports | None = None,
        quick_start: bool = False,
    ) -> None:
        java = find_java(release)
        lib = jars(release, java)
        self._keeps_home = home is not None
        self._is_for_tests = quick_start
        self.home = (home or Path(mkdtemp(prefix="headwater-neo4j-"))).resolve()
        self.ports = ports or free_ports()
        self.password = password
        self._command = command(java, lib, release.main_class, self.home, heap, quick_start=quick_start)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def user(self) -> str | None:
        return USER if self.password else None

    @property
    def bolt_url(self) -> str:
        return f"bolt://{HOST}:{self.ports.bolt}"

    @property
    def http_url(self) -> str:
        return f"http://{HOST}:{self.ports.http}"

    @property
    def browser_url(self) -> str:
        """The page of Neo4j Browser with the connection form filled in, or passed by when authentication is off."""
        address = f"{HOST}:{self.ports.bolt}"
        if self.password:
            return f"{self.http_url}/browser/?dbms=bolt://{USER}@{address}"
        return f"{self.http_url}/browser/?dbms=bolt://{address}&preselectAuthMethod=NO_AUTH"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self, timeout_s: float = 120.0) -> None:
        """Start it on its home and ports, and return when Bolt answers a query and HTTP is open.

        Raises ServerFailed, AuthError when the home knows another password.
        """
        is_new = not (self.home / "data" / "databases").exists()
        self._lay_out_home()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        atexit.register(self.kill)
        deadline = time.monotonic() + timeout_s
        if is_new and self.password:
            self._until(self._set_first_password, deadline)
        self._until(self._answer, deadline)

    def stop(self, timeout_s: float = 30.0) -> None:
        """End it cleanly; by force when it takes longer than `timeout_s`."""
        self._signal(signal.SIGTERM)
        if self._process is not None:
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
        atexit.unregister(self.kill)

    def kill(self) -> None:
        """End it as a power cut would: no clean shutdown, no checkpoint."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        atexit.unregister(self.kill)

    def restart(self) -> None:
        """End it cleanly and start it again on the same home and ports."""
        self.stop()
        self.start()

    def wait(self) -> int:
        """Wait until it ends by itself and return its exit code."""
        return self._process.wait() if self._process else 0

    def close(self) -> None:
        """End it; a temporary home is removed, so nothing in it is worth a clean shutdown."""
        if self._keeps_home:
            self.stop()
        else:
            self.kill()
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _log(self) -> Path:
        return self.home / "logs" / "console.log"

    def _lay_out_home(self) -> None:
        for folder in ("conf", "data", "import", "logs", "plugins", "run"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        settings = configuration(self.ports, has_auth=self.password is not None, for_tests=self._is_for_tests)
        (self.home / "conf" / "neo4j.conf").write_text(settings, encoding="utf-8")

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def _answer(self) -> None:
        Database.of(self).rows("RETURN 1")
        # HTTP opens last, and Browser with it.
        socket.create_connection((HOST, self.ports.http), timeout=5).close()

    def _set_first_password(self) -> None:
        system = Database(self.bolt_url, USER, "neo4j", name="system")
        system.rows("ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $password", password=self.password)

    def _until(self, attempt: Callable[[], None], deadline: float) -> None:
        from neo4j.exceptions import DriverError, Neo4jError

        while True:
            try:
                return attempt()
            except OSError:
                self._pause(deadline)
            except (DriverError, Neo4jError) as exc:
                if not exc.is_retryable():
                    raise
                self._pause(deadline)

    def _pause(self, deadline: float) -> None:
        """Let the server work for a moment; raise ServerFailed when it has ended or the time is up."""
        assert self._process is not None
        try:
            code = self._process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            if time.monotonic() < deadline:
                return
            self.kill()
            raise ServerFailed(f"Neo4j did not answer in time at {self.bolt_url}\n{self._end_of_log()}") from None
        raise ServerFailed(f"Neo4j ended with exit code {code}\n{self._end_of_log()}")

    def _end_of_log(self) -> str:
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


def random_password() -> str:
    """Return a password that Neo4j accepts."""
    return secrets.token_urlsafe(15)


def main() -> int:
    """Run a Neo4j server with Neo4j Browser until Ctrl+C."""
    from neo4j.exceptions import AuthError

    arguments = _parse()
    home = arguments.home or Path(".headwater") / f"neo4j-{arguments.version}"
    password = None if arguments.no_auth else arguments.password or _remembered_password(home)
    # An end by `kill` is as clean as one by Ctrl+C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _serve(RELEASES[arguments.version], home, password, arguments.heap)
    except KeyboardInterrupt:
        print(f"\nNeo4j has ended; the graph stays in {home}")
        return 0
    except AuthError:
        print(f"{home} was made with another password: give that one, or --no-auth", file=sys.stderr)
    except (ServerUnavailable, ServerFailed) as exc:
        print(exc, file=sys.stderr)
    return 1


def _serve(release: Release, home: Path, password: str | None, heap: str) -> int:
    print(f"Starting Neo4j {release.version} in {home} (its jars are fetched once)", flush=True)
    with Neo4jServer(release, home=home, password=password, heap=heap, ports=usual_ports_or_free()) as server:
        print(_welcome(server), flush=True)
        return server.wait()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.support.neo4j_server", description=main.__doc__)
    parser.add_argument("--version", choices=RELEASES, default=LONG_TERM.version)
    parser.add_argument("--heap", default="1g", help="Java's way to say it: 512m, 2g (default: 1g)")
    parser.add_argument("--home", type=Path, help="where the graph stays (default: .headwater/neo4j-VERSION)")
    auth = parser.add_mutually_exclusive_group()
    auth.add_argument("--no-auth", action="store_true", help="let every program of this machine in")
    auth.add_argument("--password", help="for the user neo4j (default: made at the first start, kept in HOME/password)")
    return parser.parse_args()


def _remembered_password(home: Path) -> str:
    kept = home / "password"
    if not kept.exists():
        home.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(random_password(), encoding="utf-8")
    return kept.read_text(encoding="utf-8")


def _welcome(server: Neo4jServer) -> str:
    secret = f"HEADWATER_NEO4J_USER={USER} HEADWATER_NEO4J_PASSWORD={server.password} " if server.password else ""
    return f"""\
Bolt       {server.bolt_url}
Browser    {server.browser_url}
Log in     {f"user {USER}, password {server.password}" if server.password else "no password"}
Headwater  {secret}headwater --store {server.bolt_url} stats
Ctrl+C ends it."""


if __name__ == "__main__":
    raise SystemExit(main())
