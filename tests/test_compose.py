"""docker-compose.yml starts the server that the settings expect, and holds no secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from headwater.settings import PREFIX, Settings


@pytest.fixture(scope="module")
def compose(checkout: Path) -> dict[str, Any]:
    document = yaml.safe_load((checkout / "docker-compose.yml").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="module")
def server(compose: dict[str, Any]) -> dict[str, Any]:
    found = compose["services"]["neo4j"]
    assert isinstance(found, dict)
    return found


def test_every_variable_of_the_file_is_a_setting(checkout: Path) -> None:
    text = (checkout / "docker-compose.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"\$\{(\w+)", text)) | set(re.findall(rf"\b{PREFIX}\w+", text))
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    assert used == {"HEADWATER_NEO4J_PASSWORD"}
    assert used <= known


def test_the_user_is_the_default_user_and_the_password_is_refused_when_unset(server: dict[str, Any]) -> None:
    user, _, password = server["environment"]["NEO4J_AUTH"].partition("/")
    assert user == Settings.model_fields["neo4j_user"].default
    assert re.fullmatch(r"\$\{HEADWATER_NEO4J_PASSWORD:\?[^}]+\}", password)


def test_nothing_but_the_password_is_set(server: dict[str, Any]) -> None:
    assert list(server["environment"]) == ["NEO4J_AUTH"]


def test_the_image_is_the_community_edition_of_the_long_term_release(server: dict[str, Any]) -> None:
    assert server["image"] == "neo4j:5.26-community"


def test_browser_and_bolt_are_open_to_this_machine_only(server: dict[str, Any]) -> None:
    assert server["ports"] == ["127.0.0.1:7474:7474", "127.0.0.1:7687:7687"]


def test_the_graph_outlives_the_container(compose: dict[str, Any], server: dict[str, Any]) -> None:
    [(volume, _, target)] = [mount.partition(":") for mount in server["volumes"]]
    assert volume in compose["volumes"]
    assert target == "/data"


def test_a_health_check_asks_the_server(server: dict[str, Any]) -> None:
    check = server["healthcheck"]
    assert check["test"][0] == "CMD"
    assert check["test"][-1] == "http://localhost:7474"
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
