"""The settings: their names, their defaults, and what they do with values that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from headwater.errors import UsageError
from headwater.settings import PREFIX, Settings, load_settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_the_names_are_the_ones_that_the_documentation_promises() -> None:
    assert {f"{PREFIX}{name}".upper() for name in Settings.model_fields} == {
        "HEADWATER_STORE",
        "HEADWATER_TOKEN",
        "HEADWATER_PLAIN_HTTP",
        "HEADWATER_NEO4J_USER",
        "HEADWATER_NEO4J_PASSWORD",
        "HEADWATER_NEO4J_DATABASE",
        "HEADWATER_ARTIFACTS",
        "HEADWATER_API_TOKENS",
        "HEADWATER_API_ORIGINS",
        "HEADWATER_API_TIMEOUT_S",
        "HEADWATER_API_QUESTIONS",
        "HEADWATER_API_RATE",
        "HEADWATER_API_BODY_BYTES",
        "HEADWATER_API_TRACES",
        "HEADWATER_API_OIDC_ISSUER",
        "HEADWATER_API_OIDC_AUDIENCE",
        "HEADWATER_API_OIDC_CLAIM",
        "HEADWATER_API_OIDC_PREFIX",
        "HEADWATER_FORGET",
        "HEADWATER_DISABLED",
    }


def test_an_empty_environment_gives_the_defaults() -> None:
    assert load_settings().model_dump() == {
        "store": "sqlite:///.headwater/lineage.db",
        "token": None,
        "plain_http": False,
        "neo4j_user": "neo4j",
        "neo4j_password": None,
        "neo4j_database": "neo4j",
        "artifacts": None,
        "api_tokens": Path(".headwater/tokens"),
        "api_origins": (),
        "api_timeout_s": 30.0,
        "api_questions": 16,
        "api_rate": 500.0,
        "api_body_bytes": 16 << 20,
        "api_traces": False,
        "api_oidc_issuer": None,
        "api_oidc_audience": None,
        "api_oidc_claim": "scope",
        "api_oidc_prefix": "headwater:",
        "forget": None,
        "disabled": False,
    }


def test_the_environment_wins_over_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_STORE", "bolt://localhost:7687")
    monkeypatch.setenv("HEADWATER_ARTIFACTS", "blobs")
    monkeypatch.setenv("HEADWATER_DISABLED", "1")
    found = load_settings()
    assert (found.store, found.artifacts, found.disabled) == ("bolt://localhost:7687", "blobs", True)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(f"{PREFIX}{name}".upper(), "")
    assert load_settings() == Settings()


def test_origins_are_separated_by_commas_and_blanks_around_them_are_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEADWATER_API_ORIGINS", "https://a.example, https://b.example,,")
    assert load_settings().api_origins == ("https://a.example", "https://b.example")


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_NEO4J_PASSWORD", "open-sesame")
    found = load_settings()
    assert "open-sesame" not in f"{found!r} {found} {found.model_dump_json()}"
    assert found.neo4j_password is not None
    assert found.neo4j_password.get_secret_value() == "open-sesame"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().store = "sqlite:///other.db"


def test_a_value_that_cannot_be_read_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_DISABLED", "perhaps")
    with pytest.raises(UsageError, match="HEADWATER_DISABLED='perhaps' cannot be read") as caught:
        load_settings()
    assert caught.value.hint == "correct HEADWATER_DISABLED, or unset it for the default"
