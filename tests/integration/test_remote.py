"""The client of a service: what it refuses to send, how it fails, and that it comes back when the service does."""

from __future__ import annotations

import gzip
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

import headwater
from headwater.api.app import create_app
from headwater.api.tokens import Scope, TokenFolder
from headwater.cli.app import app
from headwater.cli.context import options
from headwater.errors import (
    AuthenticationFailed,
    HeadwaterError,
    InvalidCursor,
    InvalidFact,
    InvalidStoreURL,
    InvalidValue,
    NotAStore,
    QuestionEnded,
    StoreBusy,
    StoreClosed,
    StoreUnavailable,
    TooLarge,
    UnknownComponent,
    UnknownPointer,
    UnknownRun,
    UsageError,
)
from headwater.graph import transport
from headwater.graph.cancel import cancellable
from headwater.graph.connect import open_store
from headwater.graph.facts import RunFact
from headwater.graph.remote import RemoteStore
from headwater.graph.store import OutputFilter, Page, Store
from headwater.graph.values import JSON
from headwater.testing.rules import ran
from tests.integration.test_api_questions import Statement
from tests.support.http_service import DEADLINE_S, listening, pipeline, process, settings, until

SECRET = "hw_0123456789ab_very-secret"
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Store]:
    """The store of the service."""
    with open_store(f"sqlite:///{tmp_path}/lineage.db") as found:
        found.record(pipeline())
        yield found


@pytest.fixture
def url(own: Store, tmp_path: Path) -> Iterator[str]:
    with listening(create_app(settings(tmp_path, api_rate=1e9), own)) as address:
        yield address


@pytest.fixture
def remote(url: str) -> Iterator[RemoteStore]:
    with opened(url) as store:
        yield store


def opened(url: str, **options: Any) -> RemoteStore:
    store = open_store(url, **options)
    assert isinstance(store, RemoteStore)
    return store


@contextmanager
def answering(
    answers: Callable[[int, str, dict[str, str], bytes], Answer], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve what a function answers to the first, second ... request, encrypted if it is told how."""
    numbers = iter(range(1_000))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the name that the base class looks for
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, headers, answer = answers(next(numbers), self.path, dict(self.headers), body)
            self.send_response(status)
            for name, value in {"content-length": str(len(answer)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


LIMITS: Answer = (200, {}, b'{"body_bytes": 1000, "timeout_s": 30}')
BUSY: Answer = (503, {"retry-after": "0"}, b'{"error": {"code": "overloaded", "message": "Full.", "hint": "Wait."}}')


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://ann:secret@host", "holds a user or password"),
        ("https://", "names no host"),
        ("https://host:99999", "is not a number up to 65535"),
        ("https://host?token=secret", "holds more than an address"),
        ("https://host/#secret", "holds more than an address"),
        ("ftp://host", "no store is known"),
    ],
)
def test_an_address_that_cannot_be_is_named_without_what_is_secret(address: str, words: str) -> None:
    with pytest.raises(InvalidStoreURL, match=words) as failed:
        open_store(address)
    assert "secret" not in str(failed.value)


def test_a_token_goes_to_other_machines_encrypted_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"to http://192\.0\.2\.1 in the clear") as failed:
        open_store("http://192.0.2.1", token=SECRET)
    assert SECRET not in str(failed.value)
    monkeypatch.setenv("HEADWATER_PLAIN_HTTP", "1")
    monkeypatch.setattr("headwater.graph.transport.CONNECT_TIMEOUT_S", 0.01)
    with pytest.raises(StoreUnavailable):
        open_store("http://127.0.0.1:9", token=SECRET, retry_s=0)


@pytest.mark.parametrize("token", ["new\nline", "tok en", "día", "\x7f"])
def test_a_token_that_is_none_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(UsageError) as failed:
        open_store("https://host", token=token)
    assert token not in str(failed.value)


def test_the_token_of_the_environment_is_sent_and_shown_nowhere(
    own: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = TokenFolder(tmp_path / "tokens").add("one", [Scope.READ])
    with listening(create_app(settings(tmp_path), own)) as address:
        with pytest.raises(AuthenticationFailed, match="HEADWATER_TOKEN"):
            open_store(address)
        monkeypatch.setenv("HEADWATER_TOKEN", token)
        with opened(address) as store:
            assert store.stats() == own.stats()
            with pytest.raises(AuthenticationFailed, match="the token 'one' has not the scope write") as failed:
                store.record([ran("r", 0, 1)])
            assert token not in f"{store!r} {store._service!r} {failed.value!r}"


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.resolve("nothing"),
        lambda store: store.run("nothing"),
        lambda store: store.runs(Page(), "nothing"),
        lambda store: store.resolve_all(["out.csv", "nothing"]),
        lambda store: store.record([RunFact("r", params={"p": 1}), "no fact"]),
        lambda store: headwater.Lineage(store).recent(cursor="nonsense"),
        lambda store: headwater.Lineage(store).rank(["out.csv"], formula="magic"),
    ],
)
def test_a_failure_is_the_one_of_the_store_itself(remote: RemoteStore, own: Store, ask: Callable[[Store], Any]) -> None:
    with pytest.raises(HeadwaterError) as expected:
        ask(own)
    with pytest.raises(type(expected.value)) as found:
        ask(remote)
    assert found.value.to_dict() == expected.value.to_dict()
    known = (UnknownPointer, UnknownRun, UnknownComponent, InvalidFact, InvalidCursor, UsageError)
    assert isinstance(found.value, known)


def test_text_that_is_none_is_told_as_by_any_store(remote: RemoteStore) -> None:
    with pytest.raises(InvalidValue, match="no store can hold this"):
        remote.resolve("\ud800")


def test_values_come_through_exactly(remote: RemoteStore, own: Store) -> None:
    params: dict[str, JSON] = {
        "big": 10**30,
        "small": 1e-300,
        "whole": 1.0,
        "text": "día ☃ 𝄞 \u2028",
        "deep": [[None, {"k": True}]],
    }
    remote.record([RunFact("r", "etl", params=params, facets={"f": params})])
    assert remote.run("r") == own.run("r")
    assert {key: repr(value) for key, value in remote.run("r").run.params.items()} == {
        key: repr(value) for key, value in params.items()
    }
    assert list(remote.facts()) == list(own.facts())


def test_a_batch_that_is_too_large_is_told_before_it_is_sent(own: Store, tmp_path: Path) -> None:
    with listening(create_app(settings(tmp_path, api_body_bytes=1_000), own)) as address, opened(address) as store:
        with pytest.raises(TooLarge, match="more than the 1,000 that the service takes"):
            store.record([ran(f"r{n}", 0, 1) for n in range(20)])
        store.record([ran("r0", 0, 1)])


def test_what_is_no_service_is_told() -> None:
    for answer, words in (
        ((200, {}, b"<html>"), "is no service of Headwater"),
        ((200, {}, b"{}"), "is no service of Headwater"),
        ((404, {}, b"<html>"), "is no service of Headwater"),
        ((302, {"location": "https://login.example?next=x"}, b""), "sends to another address"),
    ):
        with answering(lambda *_, answer=answer: answer) as address, pytest.raises(NotAStore, match=words):
            open_store(address)
    with answering(lambda *_: (502, {}, b"")) as address, pytest.raises(StoreUnavailable, match="stands before"):
        open_store(address, retry_s=0)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        open_store("http://127.0.0.1:9")


def test_a_service_that_is_full_is_asked_again_as_long_as_allowed() -> None:
    answer = b'{"answer": {"position": 7, "rebinding": false}}'

    def answers(number: int, *_: object) -> Answer:
        return LIMITS if number == 0 else BUSY if number < 4 else (200, {}, answer)

    with answering(answers) as address, opened(address) as store:
        assert store.watermark().position == 7

    with (
        answering(lambda number, *_: BUSY if number else LIMITS) as address,
        opened(address, retry_s=0.2) as store,
        pytest.raises(StoreBusy, match="Full"),
    ):
        store.watermark()


def test_an_answer_that_breaks_off_is_asked_for_again_or_told() -> None:
    whole = b'{"part": []}\n{"end": true}\n'

    def answers(number: int, *_: object) -> Answer:
        return LIMITS if number == 0 else (200, {}, whole[: 13 if number % 2 else None])

    with answering(answers) as address, opened(address) as store:
        assert store.upstream(["x"]).nodes == {}
        assert list(store.unmade()) == []
    torn = b'{"part": [{"id": "a", "name": "a", "type": "data"}]}\n'
    with (
        answering(lambda number, *_: (200, {}, torn) if number else LIMITS) as address,
        opened(address) as store,
        pytest.raises(StoreUnavailable, match="broke off"),
    ):
        list(store.unmade())


def test_a_long_question_is_packed_on_its_way_to_another_machine() -> None:
    seen: list[dict[str, str]] = []

    def answers(number: int, _: str, headers: dict[str, str], body: bytes) -> Answer:
        if number == 0:
            return 200, {}, b'{"body_bytes": 1000000, "timeout_s": 30}'
        seen.append({"encoding": headers["content-encoding"], **json.loads(gzip.decompress(body))})
        packed = gzip.compress(b'{"answer": []}')
        return 200, {"content-encoding": "gzip"}, packed

    with answering(answers) as address, opened(address) as store:
        store._service.address = replace(store._service.address, is_loopback=False)
        assert store.annotations(["x" * 5_000]) == []
    assert seen == [{"encoding": "gzip", "targets": ["x" * 5_000]}]


def test_streams_are_packed_for_another_machine(url: str, own: Store) -> None:
    with opened(url) as store:
        store._service.address = replace(store._service.address, is_loopback=False)
        assert list(store.facts()) == list(own.facts())
        assert store.upstream(["out.csv@r3"]) == own.upstream(["out.csv@r3"])


def test_connections_are_kept_and_shared_by_threads(remote: RemoteStore) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda n: remote.resolve("out.csv" if n % 2 else "out2.csv").id, range(200)))
    assert found == ["out2.csv@r5", "out.csv@r3"] * 100
    assert 1 <= len(remote._service._idle) <= 8
    list(remote.facts()), remote.upstream(["out.csv@r3"])
    [kept] = {id(one) for one in remote._service._idle} & {id(one) for one in list(remote._service._idle)[-1:]}
    remote.upstream(["out.csv@r3"])
    assert kept in {id(one) for one in remote._service._idle}


def test_a_stream_that_nobody_reads_to_its_end_gives_no_wrong_answers(remote: RemoteStore) -> None:
    remote.record([ran(f"many{n}", n, n + 1) for n in range(2_000)])
    for _ in range(3):
        assert len(list(islice(remote.facts(), 3))) == 3
        assert remote.resolve("out.csv").id == "out.csv@r3"


def test_a_question_that_is_ended_ends_at_the_service(
    remote: RemoteStore, own: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = Statement()
    monkeypatch.setattr(type(own), "search", lambda *_, **__: statement())
    with cancellable() as question, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(copy_context().run, lambda: remote.search("x", 1))
        assert statement.began.wait(DEADLINE_S)
        until(lambda: question.cancel() or asked.done())  # type: ignore[func-returns-value]
        assert isinstance(asked.exception(), QuestionEnded)
    assert statement.ended.wait(DEADLINE_S)


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """How a server encrypts that says to be this machine, by a certificate of its own in the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")]), datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1)).add_extension(here, False)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    kept = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    (tmp_path / "here.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem) + kept)
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(tmp_path / "here.pem")
    return found


def test_a_service_that_is_not_who_it_says_gets_no_token(
    tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def answers(number: int, *_: object) -> Answer:
        if number:
            asked.set()
            go_on.wait(DEADLINE_S)
        return LIMITS

    transport._tls.cache_clear()
    with answering(answers, tls) as address:
        with pytest.raises(StoreUnavailable, match="is not who it should be"):
            open_store(address, token=SECRET)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "here.pem"))
        transport._tls.cache_clear()
        with opened(address, token=SECRET) as store, cancellable() as question, ThreadPoolExecutor(1) as pool:
            ended = pool.submit(copy_context().run, store.stats)
            assert asked.wait(DEADLINE_S)
            until(lambda: question.cancel() or ended.done())  # type: ignore[func-returns-value]
            assert isinstance(ended.exception(), QuestionEnded)
        go_on.set()
    transport._tls.cache_clear()


def test_a_program_that_is_interrupted_ends_its_question_at_the_service(
    url: str, own: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = Statement()
    monkeypatch.setattr(type(own), "search", lambda *_, **__: statement())
    program = [sys.executable, "-m", "headwater.cli", "--store", url, "search", "x"]
    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        assert statement.began.wait(DEADLINE_S)
        running.kill()
        assert statement.ended.wait(DEADLINE_S)


def test_the_command_line_asks_a_service_as_any_store(url: str, tmp_path: Path) -> None:
    for words in (["trace", "out.csv"], ["review"], ["stats"], ["doctor"], ["trace", "nothing"], ["export", "facts"]):
        told = []
        for store in (url, f"sqlite:///{tmp_path}/lineage.db"):
            done = CliRunner().invoke(app, ["--store", store, "--json", *words])
            told.append((done.exit_code, done.output.replace(store, "STORE")))
            options.json = False
        assert told[0] == told[1], words


def test_a_closed_store_says_so_and_closing_again_does_nothing(url: str) -> None:
    store = opened(url)
    store.close()
    store.close()
    with pytest.raises(StoreClosed):
        store.stats()


def test_a_service_that_restarts_is_waited_for(tmp_path: Path) -> None:
    file = f"sqlite:///{tmp_path}/lineage.db"
    with process(file, "--port", "0", folder=tmp_path) as (address, _):
        store = opened(address)
        store.record(pipeline())
    port = address.rpartition(":")[2]
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(store.upstream, ["out.csv@r3"])
        with process(file, "--port", port, folder=tmp_path):
            assert len(asked.result(DEADLINE_S).nodes) == 7
            store.record([ran("late", 0, 1)])
            assert store.run("late").run.id == "late"
    store._service.retry_s = 0.1
    with pytest.raises(StoreUnavailable):
        store.stats()
    store.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(remote: RemoteStore) -> None:
    assert remote.resolve("out.csv").id == "out.csv@r3"
    child = os.fork()
    if child == 0:
        ids = {remote.resolve("out2.csv").id for _ in range(20)}
        os._exit(0 if ids == {"out2.csv@r5"} else 1)
    assert {remote.resolve("out.csv").id for _ in range(20)} == {"out.csv@r3"}
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


QUESTIONS: list[Callable[[headwater.Lineage], Any]] = [
    lambda graph: graph.trace("out.csv"),
    lambda graph: graph.trace("out.csv", headwater.Limits(depth=1)),
    lambda graph: graph.impact("raw.csv"),
    lambda graph: graph.between("raw.csv", "out2.csv"),
    lambda graph: graph.rank(["out2.csv"], ["out.csv"]),
    lambda graph: graph.review(),
    lambda graph: graph.stale("out.csv"),
    lambda graph: graph.stale_components(),
    lambda graph: graph.diff("r2", "r4"),
    lambda graph: graph.history("train"),
    lambda graph: graph.recent(2),
    lambda graph: graph.inspect("r3"),
    lambda graph: graph.components(),
    lambda graph: graph.search("OUT"),
    lambda graph: graph.store.outputs(OutputFilter(label=("client", "c-17")), 5),
    lambda graph: graph.store.about(),
    lambda graph: graph.digest(),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_of_the_library_has_the_same_answer_over_a_service(
    remote: RemoteStore, own: Store, question: Callable[[headwater.Lineage], Any]
) -> None:
    assert question(headwater.Lineage(remote)) == question(headwater.Lineage(own))
