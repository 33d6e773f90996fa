"""Fixtures that give tests a real Neo4j server, looked for once a session and only when a test asks.

In this order: HEADWATER_TEST_NEO4J_URI (with HEADWATER_TEST_NEO4J_USER and HEADWATER_TEST_NEO4J_PASSWORD; its database
is emptied), Java and Maven, Docker. Without one the tests are skipped and the summary says why; with CI=true they fail.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import NoReturn, TypeAlias

import pytest

from tests.support.neo4j_compose import compose_server
from tests.support.neo4j_database import Database, FoundServer, RunningServer
from tests.support.neo4j_jars import CURRENT, LONG_TERM, JDKMissing, Release, ServerUnavailable, find_java
from tests.support.neo4j_server import Neo4jServer, random_password

Way: TypeAlias = Callable[[], AbstractContextManager[RunningServer]]
SERVERS = frozenset({"neo4j_server", "neo4j_current"})
NOT_TESTED = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="session")
def neo4j_server(pytestconfig: pytest.Config) -> Iterator[RunningServer]:
    """The long-term release."""
    with _opened(
        pytestconfig, LONG_TERM, [_named_by_environment, lambda: _started(LONG_TERM), compose_server]
    ) as server:
        yield server


@pytest.fixture(scope="session")
def neo4j_current(pytestconfig: pytest.Config) -> Iterator[RunningServer]:
    """The current calendar release; skipped, in CI too, where no JDK runs it."""
    try:
        find_java(CURRENT)
    except JDKMissing as exc:
        _skip(pytestconfig, CURRENT, str(exc))
    with _opened(pytestconfig, CURRENT, [lambda: _started(CURRENT)]) as server:
        yield server


@pytest.fixture
def neo4j_process(neo4j_server: RunningServer) -> Iterator[Neo4jServer]:
    """The long-term release as a process that the test may stop or kill; it runs again afterwards."""
    if not isinstance(neo4j_server, Neo4jServer):
        pytest.skip("the server was not started by the tests, so they do not end it")
    yield neo4j_server
    if not neo4j_server.is_running:
        neo4j_server.start()


@pytest.fixture
def neo4j_url(neo4j_server: RunningServer) -> Database:
    """The long-term release with nothing in it: no data, constraint or index."""
    return _emptied(neo4j_server)


@pytest.fixture
def neo4j_current_url(neo4j_current: RunningServer) -> Database:
    """The current release with nothing in it: no data, constraint or index."""
    return _emptied(neo4j_current)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for a server, so that `-m "not neo4j"` leaves it out."""
    for item in items:
        if SERVERS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("neo4j")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Repeat what was not tested and why, where nobody overlooks it."""
    for version, reason in config.stash.get(NOT_TESTED, {}).items():
        terminalreporter.section(f"NOT TESTED: Neo4j {version}", red=True, bold=True)
        terminalreporter.line(reason)


def _emptied(server: RunningServer) -> Database:
    database = Database.of(server)
    database.wipe()
    return database


def _named_by_environment() -> AbstractContextManager[RunningServer]:
    uri = os.environ.get("HEADWATER_TEST_NEO4J_URI")
    if not uri:
        raise ServerUnavailable("HEADWATER_TEST_NEO4J_URI is not set")
    password = os.environ.get("HEADWATER_TEST_NEO4J_PASSWORD")
    user = os.environ.get("HEADWATER_TEST_NEO4J_USER") or ("neo4j" if password else None)
    return nullcontext(FoundServer(uri, user, password))


def _started(release: Release) -> Neo4jServer:
    return Neo4jServer(release, password=random_password(), quick_start=True)


@contextmanager
def _opened(config: pytest.Config, release: Release, ways: Sequence[Way]) -> Iterator[RunningServer]:
    with ExitStack() as stack:
        try:
            server = _first_open(ways, stack)
        except ServerUnavailable as exc:
            _give_up(config, release, str(exc))
        yield server


def _first_open(ways: Sequence[Way], stack: ExitStack) -> RunningServer:
    closed = []
    for way in ways:
        try:
            return stack.enter_context(way())
        except ServerUnavailable as exc:
            closed.append(str(exc))
    raise ServerUnavailable("; ".join(closed))


def _give_up(config: pytest.Config, release: Release, reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"no Neo4j {release.version} to test on: {reason}", pytrace=False)
    _skip(config, release, reason)


def _skip(config: pytest.Config, release: Release, reason: str) -> NoReturn:
    config.stash.setdefault(NOT_TESTED, {})[release.version] = reason
    pytest.skip(f"no Neo4j {release.version} to test on: {reason}")
