"""What a test server is made of: a JDK of this machine, and Neo4j's jars from Maven Central, fetched once.

HEADWATER_TEST_JAVA_HOMES (separated like PATH) names JDKs to try first; HEADWATER_TEST_NEO4J_CACHE names the folder
that keeps the jars, `headwater` in the user's cache when it is unset.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

POM = Path(__file__).parent / "neo4j" / "pom.xml"
FETCH_TIMEOUT_S = 240
# Debian and Fedora, SDKMAN, macOS.
USUAL_HOMES = (
    (Path("/usr/lib/jvm"), "*"),
    (Path.home() / ".sdkman/candidates/java", "*"),
    (Path("/Library/Java/JavaVirtualMachines"), "*/Contents/Home"),
)


class ServerUnavailable(Exception):
    """This way to a server is not open on this machine; the message says what is missing."""


class JDKMissing(ServerUnavailable):
    """No JDK of this machine runs the release."""


@dataclass(frozen=True, slots=True)
class Release:
    """A Neo4j release: its version, the class that starts it, and the JDKs that run it."""

    version: str
    main_class: str
    jdks: tuple[int, ...]


LONG_TERM = Release("5.26.26", "org.neo4j.server.CommunityEntryPoint", (17, 21))
CURRENT = Release("2026.09.0", "org.neo4j.server.Neo4jCommunity", (21, 25))
RELEASES = {release.version: release for release in (LONG_TERM, CURRENT)}


def find_java(release: Release) -> Path:
    """Return the first `java` that runs the release; raise JDKMissing, naming the ones that were tried."""
    seen: dict[Path, int | None] = {}
    for java in _javas():
        if java not in seen:
            seen[java] = jdk_of(java)
            if seen[java] in release.jdks:
                return java
    tried = ", ".join(f"{java} ({jdk or 'does not run'})" for java, jdk in seen.items()) or "none found"
    wanted = " or ".join(map(str, release.jdks))
    raise JDKMissing(f"Neo4j {release.version} needs a JDK {wanted}; tried: {tried}")


def jdk_of(java: Path) -> int | None:
    """Return the feature release that `java -version` reports (17, 21, ...), or None when it does not run."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r'version "(\d+)', answer.stderr)
    return int(version[1]) if version else None


def jars(release: Release, java: Path) -> Path:
    """Return the folder with the jars of the release and of Neo4j Browser, fetched with Maven at first use.

    Raises ServerUnavailable when Maven is absent or cannot fetch them.
    """
    folder = _cache() / f"neo4j-{release.version}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as work:
            _fetch(release, java, Path(work) / "lib")
            _publish(Path(work) / "lib", folder)
    return folder


def _javas() -> Iterator[Path]:
    """Yield every `java` that may be worth asking, links resolved."""
    homes = [*os.environ.get("HEADWATER_TEST_JAVA_HOMES", "").split(os.pathsep), os.environ.get("JAVA_HOME", "")]
    named = [Path(home) / "bin" / "java" for home in homes if home]
    on_path = [Path(java) for java in [shutil.which("java")] if java]
    usual = [home / "bin" / "java" for root, pattern in USUAL_HOMES for home in sorted(root.glob(pattern))]
    return (java.resolve() for java in [*named, *on_path, *usual] if java.exists())


def _cache() -> Path:
    chosen = os.environ.get("HEADWATER_TEST_NEO4J_CACHE")
    return Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "headwater"


def _fetch(release: Release, java: Path, folder: Path) -> None:
    mvn = shutil.which("mvn")
    if mvn is None:
        raise ServerUnavailable("Maven (mvn) is not on PATH")
    wanted = [f"-Dneo4j.version={release.version}", f"-DoutputDirectory={folder}"]
    command = [mvn, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", *wanted]
    environment = {"JAVA_HOME": str(java.parents[1])} | os.environ
    try:
        subprocess.run(command, env=environment, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=True)
    except subprocess.CalledProcessError as exc:
        cause = (exc.stdout + exc.stderr).strip().partition("\n")[0]
        raise ServerUnavailable(f"Maven cannot fetch Neo4j {release.version}: {cause}") from exc
    except subprocess.TimeoutExpired as exc:
        raise ServerUnavailable(f"Maven did not fetch Neo4j {release.version} in {FETCH_TIMEOUT_S} s") from exc


def _publish(made: Path, folder: Path) -> None:
    """Put the fetched folder in its place in one step, unless another process was first."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.exists():
            raise
