"""What a server's home holds: two ports, a configuration, and the command that starts Java on it."""

from __future__ import annotations

import random
import shutil
import socket
from pathlib import Path
from typing import NamedTuple

HOST = "127.0.0.1"
# What the server's own start script opens to Netty and to its page cache.
OPENED_PACKAGES = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
QUICK_START = (
    # The first compiler alone: most of what a short run executes, it executes too seldom for the second to pay.
    "-XX:TieredStopAtLevel=1",
    # A small heap on few cores is collected soonest by one thread.
    "-XX:+UseSerialGC",
    # The jars are those of the release: that their code is sound need not be proven at each start.
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-BytecodeVerificationRemote",
)
FOR_TESTS = """\
# How long connections may linger when the server ends; left to itself it waits for five seconds or ten.
internal.server.bolt.thread_pool_shutdown_wait_time=0s
# So that what is too large for one transaction is seen with half of the data that fill the heap.
db.memory.transaction.max=256m
"""


class Ports(NamedTuple):
    """The two ports of a server."""

    http: int
    bolt: int


USUAL_PORTS = Ports(http=7474, bolt=7687)


def free_ports() -> Ports:
    """Return two free ports below the range that systems give to clients, so that they stay free over a restart."""
    candidates = random.sample(range(20_000, 32_000), 200)
    http, bolt = [port for port in candidates if _is_free(port)][:2]
    return Ports(http, bolt)


def usual_ports_or_free() -> Ports:
    """Return the ports that Neo4j is known by, or free ones when either is taken."""
    return USUAL_PORTS if all(map(_is_free, USUAL_PORTS)) else free_ports()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def command(java: Path, lib: Path, main_class: str, home: Path, heap: str, *, quick_start: bool) -> list[str]:
    """Return the command that runs a server on a home; on Linux the server dies with the thread that starts it."""
    setpriv = shutil.which("setpriv")
    leash = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
    hurry = QUICK_START if quick_start else ()
    opens = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED_PACKAGES]
    where = [f"--home-dir={home}", f"--config-dir={home / 'conf'}"]
    return [*leash, str(java), f"-Xmx{heap}", *hurry, *opens, "-cp", f"{lib}/*", main_class, *where]


def configuration(ports: Ports, *, has_auth: bool, for_tests: bool) -> str:
    """Return the text of neo4j.conf for a server that only this machine can reach."""
    # Clients that route, Browser among them, follow the advertised address.
    return f"""\
server.bolt.enabled=true
server.bolt.listen_address={HOST}:{ports.bolt}
server.bolt.advertised_address={HOST}:{ports.bolt}
server.http.enabled=true
server.http.listen_address={HOST}:{ports.http}
server.http.advertised_address={HOST}:{ports.http}
server.https.enabled=false
server.memory.pagecache.size=256m
dbms.security.auth_enabled={str(has_auth).lower()}
dbms.usage_report.enabled=false
{FOR_TESTS if for_tests else ""}"""
