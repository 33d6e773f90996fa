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
NOT_TESTED = "NOT TESTED"


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[RunningServer]:
    """The long-term release."""
    with _opened(LONG_TERM, [_named_by_environment, lambda: _started(LONG_TERM), compose_server]) as server:
        yield server


@pytest.fixture(scope="session")
def neo4j_current() -> Iterator[RunningServer]:
    """The current calendar release; skipped, in CI too, where no JDK runs it."""
    try:
        find_java(CURRENT)
    except JDKMissing as exc:
        _skip(CURRENT, str(exc))
    with _opened(CURRENT, [lambda: _started(CURRENT)]) as server:
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
    """The long-term release with an empty store, or with nothing in it."""
    database = Database.of(neo4j_server)
    database.empty()
    return database


@pytest.fixture
def neo4j_bare(neo4j_server: RunningServer) -> Database:
    """The long-term release with nothing in it: no data, constraint or index."""
    database = Database.of(neo4j_server)
    database.wipe()
    return database


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for a server: `-m "not neo4j"` leaves it out, and one worker has each release."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        if SERVERS.intersection(names):
            item.add_marker("neo4j")
        if item.get_closest_marker("neo4j") and not item.get_closest_marker("xdist_group"):
            release = CURRENT if "neo4j_current" in names else LONG_TERM
            item.add_marker(pytest.mark.xdist_group(f"neo4j-{release.version}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Repeat what was not tested and why, where nobody overlooks it."""
    skipped = (report.longrepr for report in terminalreporter.getreports("skipped"))
    reasons = (repr_[2] for repr_ in skipped if isinstance(repr_, tuple))
    for reason in dict.fromkeys(text for text in reasons if NOT_TESTED in text):
        terminalreporter.section(NOT_TESTED, red=True, bold=True)
        terminalreporter.line(reason)


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
def _opened(release: Release, ways: Sequence[Way]) -> Iterator[RunningServer]:
    with ExitStack() as stack:
        try:
            server = _first_open(ways, stack)
        except ServerUnavailable as exc:
            _give_up(release, str(exc))
        yield server


def _first_open(ways: Sequence[Way], stack: ExitStack) -> RunningServer:
    closed = []
    for way in ways:
        try:
            return stack.enter_context(way())
        except ServerUnavailable as exc:
            closed.append(str(exc))
    raise ServerUnavailable("; ".join(closed))


def _give_up(release: Release, reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{NOT_TESTED}: Neo4j {release.version}: {reason}", pytrace=False)
    _skip(release, reason)


def _skip(release: Release, reason: str) -> NoReturn:
    pytest.skip(f"{NOT_TESTED}: Neo4j {release.version}: {reason}")
