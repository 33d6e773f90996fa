"""Tokens of an OpenID Connect provider, a real one with real keys, and everything that pretends to be one."""

from __future__ import annotations

import json
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from starlette.testclient import TestClient

from headwater.api import openid
from headwater.api.tokens import Scope, TokenFolder
from headwater.errors import UsageError
from headwater.graph.connect import open_store
from headwater.graph.store import Store
from tests.support.http_service import client, pipeline, settings
from tests.support.openid_provider import AUDIENCE, Private, Provider, ec_key, provider, public, rsa_key, signed

STATS, RUNS = "/api/v1/stats", "/api/v1/runs"


@pytest.fixture(scope="module")
def one() -> Private:
    return rsa_key()


@pytest.fixture
def issuer(one: Private) -> Iterator[Provider]:
    with provider() as found:
        found.publish(one=one, curve=ec_key())
        yield found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/lineage.db") as found:
        found.record(pipeline())
        yield found


@pytest.fixture
def api(store: Store, issuer: Provider, tmp_path: Path) -> TestClient:
    return service(store, issuer, tmp_path)


def service(store: Store, issuer: Provider, folder: Path, **changed: Any) -> TestClient:
    named = {"api_oidc_issuer": issuer.issuer, "api_oidc_audience": AUDIENCE, **changed}
    return client(store, settings(folder, **named))


def status(api: TestClient, token: str, path: str = STATS) -> int:
    return api.get(path, headers={"authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("kid", ["one", "curve"])
def test_a_token_of_the_issuer_is_let_in(api: TestClient, issuer: Provider, kid: str) -> None:
    assert [status(api, issuer.token(kid)) for _ in range(3)] == [200] * 3
    assert issuer.asked == 1


def test_nobody_is_let_in_without_a_token_then(api: TestClient) -> None:
    assert api.get(STATS).status_code == 401


def test_tokens_of_both_kinds_are_let_in(api: TestClient, issuer: Provider, tmp_path: Path) -> None:
    _, own = TokenFolder(tmp_path / "tokens").add("ci", [Scope.READ])
    assert (status(api, own), status(api, issuer.token())) == (200, 200)


def test_scopes_come_from_the_claim(api: TestClient, issuer: Provider) -> None:
    def writes(**claims: Any) -> int:
        headers = {"authorization": f"Bearer {issuer.token(**claims)}"}
        return api.post(RUNS, json={"id": "r9"}, headers=headers).status_code

    assert writes() == 403
    assert writes(scope="write admin") == 403
    assert writes(scope="headwater:read headwater:write") == 200
    assert writes(scope=["headwater:admin"]) == 200
    assert status(api, issuer.token(scope=None)) == 403
    assert status(api, issuer.token(scope={"headwater:read": 1})) == 403


def test_the_claim_and_its_prefix_can_be_named(store: Store, issuer: Provider, tmp_path: Path) -> None:
    api = service(store, issuer, tmp_path, api_oidc_claim="roles", api_oidc_prefix="lineage.")
    assert status(api, issuer.token(roles=["lineage.read", 7])) == 200
    assert status(api, issuer.token(roles=["headwater:read"])) == 403


def test_who_changed_something_stands_in_the_log(
    api: TestClient, issuer: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    token = issuer.token(scope="headwater:write", preferred_username="ann")
    with caplog.at_level(logging.INFO, "headwater.audit"):
        api.post(RUNS, json={"id": "r9"}, headers={"authorization": f"Bearer {token}"})
    [line] = [record for record in caplog.records if record.name == "headwater.audit"]
    said = line.fields  # type: ignore[attr-defined]
    assert (said["token"], said["name"]) == ("oidc:u-1", "ann")


WRONG: dict[str, dict[str, Any]] = {
    "without an end": {"exp": None},
    "for others": {"aud": "another"},
    "for nobody": {"aud": None},
    "of another issuer": {"iss": "https://example.com"},
    "of no issuer": {"iss": None},
    "about nobody": {"sub": None},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG)
def test_a_token_that_says_something_else_is_refused(
    api: TestClient, issuer: Provider, changed: dict[str, Any]
) -> None:
    assert status(api, issuer.token(**changed)) == 401


@pytest.mark.parametrize(
    ("claim", "seconds"),
    [
        pytest.param("exp", -300, id="over"),
        pytest.param("nbf", 300, id="not yet valid"),
        pytest.param("iat", 300, id="from the future"),
    ],
)
def test_a_token_of_another_time_is_refused(api: TestClient, issuer: Provider, claim: str, seconds: int) -> None:
    changed: dict[str, Any] = {claim: time.time() + seconds}
    assert status(api, issuer.token(**changed)) == 401


def test_clocks_may_differ_by_less_than_a_minute(api: TestClient, issuer: Provider) -> None:
    now = time.time()
    assert status(api, issuer.token(exp=now - 30)) == 200
    assert status(api, issuer.token(nbf=now + 30, iat=now + 30)) == 200


def part(document: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def forged(issuer: Provider, one: Private) -> dict[str, str]:
    """Return tokens that say they are the issuer's."""
    claims = issuer.claims()
    pem = one.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header, body, signature = issuer.token().split(".")
    other = rsa_key()
    mine = {"kid": "one", "alg": "RS256", "jwk": {**public(other), "kid": "one"}, "jku": "http://127.0.0.1:1/keys"}
    unsigned = part({"alg": "HS256", "kid": "one", "typ": "JWT"}) + "." + part(claims)
    mac = jwt.get_algorithm_by_name("HS256").sign(unsigned.encode(), pem)
    return {
        "signed by nobody": f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims)}.",
        "signed by nobody, in capitals": f"{part({'alg': 'NoNe', 'kid': 'one'})}.{part(claims)}.",
        "signed with the public key": f"{unsigned}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}",
        "signed by another": signed(other, "one", claims),
        "signed by a key that it brings": jwt.encode(claims, other, "RS256", headers=mine),
        "of a key of another kind": signed(ec_key(), "one", claims),
        "of a key that nobody knows": signed(other, "unknown", claims),
        "of no key": jwt.encode(claims, one, "RS256"),
        "with other claims": f"{header}.{part({**claims, 'scope': 'headwater:admin'})}.{signature}",
        "cut": f"{header}.{body}.",
        "nothing": "..",
        "no JSON": f"{header}.e30x.{signature}",
        "a claim of another type": signed(one, "one", {**claims, "exp": "soon"}),
        "no token": "a.b.c",
    }


def test_a_forged_token_is_refused(api: TestClient, issuer: Provider, one: Private) -> None:
    assert status(api, issuer.token()) == 200
    assert {name: status(api, token) for name, token in forged(issuer, one).items()} == dict.fromkeys(
        forged(issuer, one), 401
    )
    assert issuer.asked <= 2


def test_a_wrong_token_does_not_lock_out_its_neighbours(api: TestClient, issuer: Provider) -> None:
    over = issuer.token(exp=time.time() - 300)
    assert {status(api, over) for _ in range(30)} == {401}
    assert status(api, issuer.token()) == 200


def test_a_new_key_is_known_at_once_and_an_old_one_no_longer(
    api: TestClient, issuer: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openid, "KEYS_AGAIN_S", 0.0)
    before = issuer.token()
    assert status(api, before) == 200
    issuer.publish(two=rsa_key())
    assert status(api, issuer.token("two")) == 200
    assert status(api, before) == 401


def test_tokens_of_unknown_keys_do_not_make_it_ask_again_and_again(api: TestClient, issuer: Provider) -> None:
    assert status(api, issuer.token()) == 200
    for number in range(10):
        assert status(api, signed(issuer.keys["one"], f"no {number}", issuer.claims())) == 401
    assert issuer.asked == 1


def test_an_issuer_that_is_away_is_said_to_be_and_asked_again(api: TestClient, issuer: Provider) -> None:
    issuer.is_down = True
    got = api.get(STATS, headers={"authorization": f"Bearer {issuer.token()}"})
    assert (got.status_code, got.json()["error"]["code"]) == (503, "issuer_unavailable")
    assert got.headers["retry-after"]
    issuer.is_down = False
    assert status(api, issuer.token()) == 200
    issuer.is_down = True
    assert status(api, issuer.token()) == 200


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://example.com", "jwks_uri": "http://127.0.0.1/keys"},
        {"issuer": "ISSUER", "jwks_uri": "http://example.com/keys"},
        {"issuer": "ISSUER", "jwks_uri": "file:///etc/passwd"},
        {"issuer": "ISSUER"},
        [],
    ],
)
def test_a_discovery_document_that_is_not_the_issuers_is_not_believed(
    api: TestClient, issuer: Provider, document: Any
) -> None:
    text = json.dumps(document).replace("ISSUER", issuer.issuer)
    issuer.documents["/.well-known/openid-configuration"] = json.loads(text) or [1]
    assert status(api, issuer.token()) == 503


@pytest.mark.parametrize(
    "changed",
    [
        {"api_oidc_issuer": "http://example.com", "api_oidc_audience": AUDIENCE},
        {"api_oidc_issuer": "example.com", "api_oidc_audience": AUDIENCE},
        {"api_oidc_issuer": "https://example.com"},
    ],
)
def test_an_issuer_without_tls_or_audience_is_refused(store: Store, tmp_path: Path, changed: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        client(store, settings(tmp_path, **changed))
